//! Requests about contacts become commands; every error names its field.

use api::accounts::v1::{
    ChangeContactAccountRequest, ChangeContactConsentRequest, CorrectContactDetailsRequest,
    CreateContactRequest, NoteContactRequest, VoidContactCommandRequest,
};
use domain::{
    ConsentChanged, Personal, PersonalExternalId, Rejection,
    contact::{AccountChanged, Command, Contact, Created, Details, DetailsCorrected, Noted},
};
use runtime::{desk::Undecided, from_proto};

use crate::{
    context::{Context, code, external_ids},
    customers::on,
};

on! { Contact, contact_id;
    CreateContactRequest, creates, |it| {
        let known = [&it.name, &it.email, &it.phone, &it.title];
        it.external_id.is_some() || known.iter().any(|text| !text.is_empty())
    };
    CorrectContactDetailsRequest, changes, |it| {
        let known = [&it.name, &it.email, &it.phone, &it.title];
        known.iter().any(|text| !text.is_empty())
    };
    ChangeContactAccountRequest, changes, |_| false;
    ChangeContactConsentRequest, changes, |_| false;
    NoteContactRequest, changes, |it| !it.text.is_empty();
    VoidContactCommandRequest, voids, |it| !it.reason.is_empty();
}

/// Taking up a person.
pub fn create(
    request: &CreateContactRequest,
    _contact: &Contact,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    let external_ids = external_ids(request.external_id.as_ref())?;
    let external_ids = external_ids.into_iter().map(|id| {
        // A record's key may be an e-mail address.
        PersonalExternalId { source: id.source, key: Personal::Plain(id.key) }
    });
    Ok(Command::Create(Created {
        person: at.person(),
        account: at.account("account_id", &request.account_id)?,
        external_ids: external_ids.collect(),
        details: details(&request.name, &request.email, &request.phone, &request.title)?,
    }))
}

/// Saying again, and in full, who it is.
pub fn correct_details(
    request: &CorrectContactDetailsRequest,
    _contact: &Contact,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::CorrectDetails(DetailsCorrected {
        person: at.person(),
        details: details(&request.name, &request.email, &request.phone, &request.title)?,
    }))
}

/// Putting them under another account.
pub fn change_account(
    request: &ChangeContactAccountRequest,
    _contact: &Contact,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    let account = at.account("account_id", &request.account_id)?;
    Ok(Command::ChangeAccount(AccountChanged { account }))
}

/// Giving or withdrawing consent.
pub fn change_consent(
    request: &ChangeContactConsentRequest,
    _contact: &Contact,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let purpose = code("purpose", &request.purpose)?;
    Ok(Command::ChangeConsent(ConsentChanged { purpose, granted: request.granted }))
}

/// Writing something down.
pub fn note(
    request: &NoteContactRequest,
    _contact: &Contact,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    let text = from_proto::text("text", &request.text)?;
    let text = text.ok_or_else(|| from_proto::missing("text"))?;
    Ok(Command::Note(Noted { person: at.person(), text }))
}

fn details(name: &str, email: &str, phone: &str, title: &str) -> Result<Details, Rejection> {
    Ok(Details {
        name: from_proto::name("name", name)?,
        email: from_proto::name("email", email)?,
        phone: from_proto::name("phone", phone)?,
        title: from_proto::name("title", title)?,
    })
}
