//! An account as JSON and tables show it, and what belongs to it.

use api::accounts::v1 as sent;
use serde::Serialize;

use crate::contact::Contact;
use crate::contract::Contract;
use crate::entity::{ExternalId, Fault, external_ids, faults, maybe};
use crate::grid::{Cell, Grid};
use crate::opportunity::Deal;
use crate::recorded::Shown;
use crate::times;
use crate::wording::{Reference, entity_label, given, label, text_shown};

/// An account at the instant of the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Account {
    id: String,
    external_ids: Vec<ExternalId>,
    name: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    name_erased: bool,
    domain: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    domain_erased: bool,
    parent: Option<Reference>,
    segment: Option<String>,
    key_account: bool,
    owner: Option<Reference>,
    created_at: Option<String>,
    notes_count: u64,
    faults: Vec<Fault>,
    etag: String,
}

impl From<sent::Account> for Account {
    fn from(account: sent::Account) -> Self {
        let (name, domain) = (account.name.unwrap_or_default(), account.domain.unwrap_or_default());
        Self {
            id: account.id,
            external_ids: account.external_ids.into_iter().map(ExternalId::from).collect(),
            name: given(name.text),
            name_erased: name.erased,
            domain: given(domain.text),
            domain_erased: domain.erased,
            parent: account.parent.map(Reference::from),
            segment: given(account.segment),
            key_account: account.key_account,
            owner: account.owner.map(Reference::from),
            created_at: account.created_at.as_ref().map(times::show),
            notes_count: account.notes_count,
            faults: account.faults.into_iter().map(Fault::from).collect(),
            etag: account.etag,
        }
    }
}

impl Account {
    /// The columns of a list of accounts.
    pub const COLUMNS: [&'static str; 8] =
        ["id", "name", "domain", "parent", "segment", "key_account", "owner", "created_at"];

    /// The account as a row of a list.
    pub fn row(&self) -> Vec<Cell> {
        vec![
            Cell::text(&self.id),
            Cell::text(text_shown(self.name.as_deref(), self.name_erased)),
            Cell::text(text_shown(self.domain.as_deref(), self.domain_erased)),
            Cell::text(entity_label(self.parent.as_ref())),
            maybe(&self.segment),
            Cell::text(if self.key_account { "yes" } else { "no" }),
            Cell::text(label(self.owner.as_ref())),
            maybe(&self.created_at),
        ]
    }

    /// The fields that have a value, for a table.
    pub fn told(&self) -> Vec<(String, Cell)> {
        let columns = Self::COLUMNS.iter().map(|column| (*column).to_owned());
        let mut fields: Vec<(String, Cell)> = columns.zip(self.row()).collect();
        fields.push(("notes".into(), Cell::text(self.notes_count.to_string())));
        fields.push(("external_ids".into(), external_ids(&self.external_ids)));
        fields.push(("etag".into(), Cell::text(&self.etag)));
        fields.extend(faults(&self.faults));
        // A person looks for what is there; a program reads JSON or the fixed columns of a list.
        fields.retain(|(_, cell)| *cell != Cell::text(""));
        fields
    }
}

impl Shown for Account {
    const NOUN: &'static str = "account";

    fn fields(&self) -> Grid {
        Grid::of_fields(self.told())
    }
}

/// What belongs to an account: the first of each, and how many there are.
#[derive(Debug, Serialize)]
pub struct Belonging {
    children: Vec<Reference>,
    children_count: u64,
    contacts: Vec<Contact>,
    contacts_count: u64,
    contracts: Vec<Contract>,
    contracts_count: u64,
    open_opportunities: Vec<Deal>,
    open_opportunities_count: u64,
}

impl From<sent::GetAccountResponse> for Belonging {
    fn from(found: sent::GetAccountResponse) -> Self {
        Self {
            children: found.children.into_iter().map(Reference::from).collect(),
            children_count: found.children_count,
            contacts: found.contacts.into_iter().map(Contact::from).collect(),
            contacts_count: found.contacts_count,
            contracts: found.contracts.into_iter().map(Contract::from).collect(),
            contracts_count: found.contracts_count,
            open_opportunities: found.open_opportunities.into_iter().map(Deal::from).collect(),
            open_opportunities_count: found.open_opportunities_count,
        }
    }
}

impl Belonging {
    /// Its lines below the fields of the account.
    pub fn fields(&self) -> Vec<(String, Cell)> {
        let children = self.children.iter().map(|it| entity_label(Some(it)));
        let contacts = self.contacts.iter().map(Contact::line);
        let contracts = self.contracts.iter().map(Contract::line);
        let deals = self.open_opportunities.iter().map(Deal::line);
        let mut fields = vec![
            ("children".into(), Cell::Count(self.children_count)),
            ("contacts".into(), Cell::Count(self.contacts_count)),
            ("contracts".into(), Cell::Count(self.contracts_count)),
            ("open_opportunities".into(), Cell::Count(self.open_opportunities_count)),
        ];
        fields.extend(children.map(|line| ("child".into(), Cell::text(line))));
        fields.extend(contacts.map(|line| ("contact".into(), Cell::text(line))));
        fields.extend(contracts.map(|line| ("contract".into(), Cell::text(line))));
        fields.extend(deals.map(|line| ("opportunity".into(), Cell::text(line))));
        fields
    }
}
