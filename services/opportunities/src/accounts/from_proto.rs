//! Requests about accounts become commands; every error names its field.

use std::cell::RefCell;

use api::accounts::v1::{
    ChangeAccountDomainRequest, ChangeAccountOwnerRequest, ChangeAccountParentRequest,
    ChangeAccountSegmentRequest, ChangeKeyAccountRequest, CreateAccountRequest, NoteAccountRequest,
    RenameAccountRequest, VoidAccountCommandRequest,
};
use domain::{
    AccountId, Kind, Known,
    account::{
        Account, Command, Created, DomainChanged, KeyAccountChanged, Noted, OwnerChanged,
        ParentChanged, Renamed, SegmentChanged, refuse_circle,
    },
};
use runtime::{desk::Undecided, from_proto};

use crate::{
    context::{Context, external_ids, optional_code},
    customers::on,
};

on! { Account, account_id;
    CreateAccountRequest, creates, |it| !(it.name.is_empty() && it.domain.is_empty());
    RenameAccountRequest, changes, |it| !it.name.is_empty();
    ChangeAccountDomainRequest, changes, |it| !it.domain.is_empty();
    ChangeAccountParentRequest, changes, |_| false;
    ChangeAccountSegmentRequest, changes, |_| false;
    ChangeKeyAccountRequest, changes, |_| false;
    ChangeAccountOwnerRequest, changes, |_| false;
    NoteAccountRequest, changes, |it| !it.text.is_empty();
    VoidAccountCommandRequest, voids, |it| !it.reason.is_empty();
}

/// Taking up a company.
pub fn create(
    request: &CreateAccountRequest,
    _account: &Account,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::Create(Created {
        external_ids: external_ids(request.external_id.as_ref())?,
        name: from_proto::name("name", &request.name)?,
        domain: from_proto::name("domain", &request.domain)?,
        parent: parent(&request.parent_account_id, at)?,
        segment: optional_code("segment", &request.segment)?.unwrap_or_default(),
        key_account: request.key_account,
        owner: at.owner(&request.owner)?,
    }))
}

/// Giving it a name.
pub fn rename(
    request: &RenameAccountRequest,
    _account: &Account,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let name = from_proto::name("name", &request.name)?;
    Ok(Command::Rename(Renamed { name }))
}

/// Saying where it is on the web.
pub fn change_domain(
    request: &ChangeAccountDomainRequest,
    _account: &Account,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let domain = from_proto::name("domain", &request.domain)?;
    Ok(Command::ChangeDomain(DomainChanged { domain }))
}

/// Putting it below another one.
pub fn change_parent(
    request: &ChangeAccountParentRequest,
    _account: &Account,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    let parent = parent(&request.parent_account_id, at)?;
    Ok(Command::ChangeParent(ParentChanged { parent }))
}

/// Putting it into another segment.
pub fn change_segment(
    request: &ChangeAccountSegmentRequest,
    _account: &Account,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let segment = optional_code("segment", &request.segment)?.unwrap_or_default();
    Ok(Command::ChangeSegment(SegmentChanged { segment }))
}

/// Making it a key account, or no longer.
pub fn change_key_account(
    request: &ChangeKeyAccountRequest,
    _account: &Account,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::ChangeKeyAccount(KeyAccountChanged { key_account: request.key_account }))
}

/// Giving it to another user.
pub fn change_owner(
    request: &ChangeAccountOwnerRequest,
    _account: &Account,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::ChangeOwner(OwnerChanged { owner: at.owner(&request.owner)? }))
}

/// Writing something down.
pub fn note(
    request: &NoteAccountRequest,
    _account: &Account,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let text = from_proto::text("text", &request.text)?;
    let text = text.ok_or_else(|| from_proto::missing("text"))?;
    Ok(Command::Note(Noted { text }))
}

/// The account to belong to, unless that stands below this one: at the command's instant, or, for a
/// command that is dated back, today.
fn parent(text: &str, at: &Context<'_>) -> Result<Option<AccountId>, Undecided> {
    let Some(parent) = at.account("parent_account_id", text)? else { return Ok(None) };
    // The entity's own key is its id: an account is no person.
    let account = AccountId(at.key);
    for known in [at.known(), Known::NOW] {
        let failed = RefCell::new(None);
        let above = |id: AccountId| {
            let read = |timeline: &domain::Timeline| timeline.state::<Account>(known).parent;
            at.desk.with(Kind::Account, id.0, read).unwrap_or_else(|error| {
                failed.replace(Some(error));
                None
            })
        };
        let judged = refuse_circle(account, parent, above);
        if let Some(error) = failed.into_inner() {
            return Err(error.into());
        }
        judged.map_err(|mut why| {
            why.field = "parent_account_id".to_owned();
            why
        })?;
    }
    Ok(Some(parent))
}
