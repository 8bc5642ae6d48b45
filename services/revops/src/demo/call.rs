//! What people did, as commands that are told in advance: each with its instant and a request id
//! of its own, so that sending it again adds nothing. Ids of what only the server knows, such as a
//! deal's, stand in them as the demo's names and are put in when they are sent.

use std::collections::HashMap;

use api::accounts::v1::{
    ActivateContractRequest, ActivityLink, ActivityParticipant, ChurnContractRequest,
    ContractContractRequest, CreateAccountRequest, CreateContactRequest, ExpandContractRequest,
    LogActivityRequest, RecordActivityOutcomeRequest, RenewContractRequest, WinBackContractRequest,
    activity_link, activity_participant,
};
use api::forecasting::v1::{AdjustForecastRequest, SubmitForecastRequest, UnlockForecastRequest};
use api::leads::v1::{
    CaptureLeadRequest, ConvertLeadRequest, DismissLeadDuplicateRequest, MergeLeadsRequest,
};
use api::opportunities::v1::{
    ChangeOpportunityAccountRequest, ChangeOpportunityContactRoleRequest,
};
use api::planning::v1::{DefineCalendarRequest, SetQuotaRequest};
use prost_types::Timestamp;

/// A command, and who gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Who acted: a user's key.
    pub actor: String,
    /// When: seconds since 1970.
    pub at: i64,
    /// What was asked.
    pub command: Command,
    /// The name by which the id that the answer brings is known from then on; empty for none.
    pub names: String,
}

/// Commands that follow one another, each on what the one before made.
pub type Chain = Vec<Call>;

/// What the demo asks of the services.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Cuts time.
    DefineCalendar(DefineCalendarRequest),
    /// Sets what somebody is to bring.
    SetQuota(SetQuotaRequest),
    /// Takes up a company.
    CreateAccount(CreateAccountRequest),
    /// Takes up a person.
    CreateContact(CreateContactRequest),
    /// Says whose deal it is.
    ChangeAccount(ChangeOpportunityAccountRequest),
    /// Says what part a contact plays.
    ChangeContactRole(ChangeOpportunityContactRoleRequest),
    /// Takes up a lead.
    CaptureLead(CaptureLeadRequest),
    /// Lets one lead go on in another's place.
    MergeLeads(MergeLeadsRequest),
    /// Says that two leads are not the same.
    DismissDuplicate(DismissLeadDuplicateRequest),
    /// Makes of a lead a contact of an account and of a deal.
    ConvertLead(ConvertLeadRequest),
    /// Writes down what took place.
    LogActivity(LogActivityRequest),
    /// Says what came of it.
    RecordOutcome(RecordActivityOutcomeRequest),
    /// Takes up what a customer pays.
    ActivateContract(ActivateContractRequest),
    /// Agrees to more.
    ExpandContract(ExpandContractRequest),
    /// Agrees to less.
    ContractContract(ContractContractRequest),
    /// Agrees to another term.
    RenewContract(RenewContractRequest),
    /// Ends it.
    ChurnContract(ChurnContractRequest),
    /// Begins it again.
    WinBackContract(WinBackContractRequest),
    /// Judges a number otherwise.
    AdjustForecast(AdjustForecastRequest),
    /// Stands for numbers.
    SubmitForecast(SubmitForecastRequest),
    /// Lets a sheet be adjusted again.
    UnlockForecast(UnlockForecastRequest),
}

impl Call {
    /// Something that somebody did at an instant.
    pub fn new(actor: &str, at: i64, command: Command) -> Self {
        Self { actor: actor.to_owned(), at, command, names: String::new() }
    }

    /// Gives the id that the answer brings a name.
    pub fn named(mut self, name: String) -> Self {
        self.names = name;
        self
    }

    /// The same with ids in place of names. A name that nobody knows stays, for the server to say
    /// what is wrong with it.
    pub fn resolved(mut self, known: &HashMap<String, String>) -> Self {
        let id = |text: &mut String| {
            if let Some(id) = known.get(text) {
                text.clone_from(id);
            }
        };
        match &mut self.command {
            Command::ChangeAccount(it) => id(&mut it.opportunity_id),
            Command::ChangeContactRole(it) => {
                id(&mut it.opportunity_id);
                id(&mut it.contact_id);
            }
            Command::MergeLeads(it) => id(&mut it.into),
            Command::DismissDuplicate(it) => id(&mut it.of),
            Command::ConvertLead(it) => {
                id(&mut it.lead_id);
                id(&mut it.opportunity_id);
            }
            Command::LogActivity(it) => {
                it.about.iter_mut().filter_map(deal).for_each(id);
                it.participants.iter_mut().filter_map(contact).for_each(id);
            }
            Command::ActivateContract(it) => id(&mut it.opportunity_id),
            Command::UnlockForecast(it) => id(&mut it.forecast_id),
            _ => {}
        }
        self
    }
}

fn deal(link: &mut ActivityLink) -> Option<&mut String> {
    match link.entity.as_mut()? {
        activity_link::Entity::OpportunityId(id) => Some(id),
        _ => None,
    }
}

fn contact(who: &mut ActivityParticipant) -> Option<&mut String> {
    match who.who.as_mut()? {
        activity_participant::Who::ContactId(id) => Some(id),
        _ => None,
    }
}

/// An instant as the contract writes it.
pub fn instant(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}
