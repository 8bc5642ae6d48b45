//! A lead as JSON and tables show it.

use api::leads::v1 as sent;
use api::types::v1::PersonalText;
use serde::Serialize;

use crate::entity::{Consent, Fault, PersonalExternalId, faults};
use crate::grid::{Cell, Grid};
use crate::recorded::Shown;
use crate::times;
use crate::wording::{Reference, given, label, lower, text_shown};

/// A lead at the instant of the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lead {
    id: String,
    person_id: Option<String>,
    external_ids: Vec<PersonalExternalId>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    title: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    erased: bool,
    channel: Option<String>,
    campaign: Option<String>,
    owner: Option<Reference>,
    status: Option<String>,
    reason_code: Option<String>,
    reason: Option<String>,
    captured_at: Option<String>,
    first_worked_at: Option<String>,
    handed_over_at: Option<String>,
    accepted_at: Option<String>,
    rejected_at: Option<String>,
    first_qualified_at: Option<String>,
    times_recycled: u32,
    conversion: Option<Conversion>,
    merged_into: Option<String>,
    absorbed: Vec<String>,
    duplicates: Vec<Duplicate>,
    consents: Vec<Consent>,
    notes_count: u64,
    faults: Vec<Fault>,
    etag: String,
}

/// What a lead became.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conversion {
    at: Option<String>,
    account_id: String,
    contact_id: String,
    opportunity_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Duplicate {
    lead_id: String,
    matched_on: Option<String>,
    found_at: Option<String>,
    dismissed_at: Option<String>,
}

impl From<sent::Lead> for Lead {
    fn from(lead: sent::Lead) -> Self {
        let is_erased = |text: &Option<PersonalText>| text.as_ref().is_some_and(|it| it.erased);
        let texts = [&lead.name, &lead.email, &lead.phone, &lead.title, &lead.reason];
        let erased = texts.into_iter().any(is_erased);
        let text = |text: Option<PersonalText>| given(text.unwrap_or_default().text);
        let time = |time: Option<prost_types::Timestamp>| time.as_ref().map(times::show);
        Self {
            id: lead.id,
            person_id: given(lead.person_id),
            external_ids: lead
                .external_ids
                .into_iter()
                .map(|it| PersonalExternalId { source: it.source, key: text(it.key) })
                .collect(),
            name: text(lead.name),
            email: text(lead.email),
            phone: text(lead.phone),
            company: text(lead.company),
            title: text(lead.title),
            erased,
            channel: given(lead.channel),
            campaign: given(lead.campaign),
            owner: lead.owner.map(Reference::from),
            status: status_name(lead.status),
            reason_code: given(lead.reason_code),
            reason: text(lead.reason),
            captured_at: time(lead.captured_at),
            first_worked_at: time(lead.first_worked_at),
            handed_over_at: time(lead.handed_over_at),
            accepted_at: time(lead.accepted_at),
            rejected_at: time(lead.rejected_at),
            first_qualified_at: time(lead.first_qualified_at),
            times_recycled: lead.times_recycled,
            conversion: lead.conversion.map(Conversion::from),
            merged_into: given(lead.merged_into),
            absorbed: lead.absorbed,
            duplicates: lead.duplicates.into_iter().map(Duplicate::from).collect(),
            consents: lead.consents.into_iter().map(Consent::from).collect(),
            notes_count: lead.notes_count,
            faults: lead.faults.into_iter().map(Fault::from).collect(),
            etag: lead.etag,
        }
    }
}

impl From<sent::LeadConversion> for Conversion {
    fn from(conversion: sent::LeadConversion) -> Self {
        Self {
            at: conversion.at.as_ref().map(times::show),
            account_id: conversion.account_id,
            contact_id: conversion.contact_id,
            opportunity_id: given(conversion.opportunity_id),
        }
    }
}

impl From<sent::LeadDuplicate> for Duplicate {
    fn from(duplicate: sent::LeadDuplicate) -> Self {
        Self {
            lead_id: duplicate.lead_id,
            matched_on: match_name(duplicate.matched_on),
            found_at: duplicate.found_at.as_ref().map(times::show),
            dismissed_at: duplicate.dismissed_at.as_ref().map(times::show),
        }
    }
}

impl From<sent::LeadConsent> for Consent {
    fn from(consent: sent::LeadConsent) -> Self {
        let since = consent.since.as_ref().map(times::show);
        Self { purpose: consent.purpose, granted: consent.granted, since }
    }
}

/// The name of a status; nothing for one that was not said.
fn status_name(status: i32) -> Option<String> {
    lower(sent::LeadStatus::try_from(status).ok()?.as_str_name(), "LEAD_STATUS_")
}

/// The name of what two leads have in common; nothing when it was not said.
pub fn match_name(on: i32) -> Option<String> {
    lower(sent::LeadMatch::try_from(on).ok()?.as_str_name(), "LEAD_MATCH_")
}

impl Lead {
    /// The columns of a list of leads.
    pub const COLUMNS: [&'static str; 9] = [
        "id",
        "name",
        "company",
        "status",
        "owner",
        "channel",
        "campaign",
        "captured_at",
        "duplicates",
    ];

    /// The lead as a row of a list.
    pub fn row(&self) -> Vec<Cell> {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        vec![
            Cell::text(&self.id),
            Cell::text(text_shown(self.name.as_deref(), self.erased)),
            maybe(&self.company),
            maybe(&self.status),
            Cell::text(label(self.owner.as_ref())),
            maybe(&self.channel),
            maybe(&self.campaign),
            maybe(&self.captured_at),
            Cell::Count(self.duplicates.len() as u64),
        ]
    }

    /// What follows from the lead's facts beyond its own fields.
    fn more_fields(&self) -> Vec<(String, Cell)> {
        let mut fields = Vec::new();
        if let Some(it) = &self.conversion {
            fields.push(("account_id".to_owned(), Cell::text(&it.account_id)));
            fields.push(("contact_id".to_owned(), Cell::text(&it.contact_id)));
            let deal = it.opportunity_id.as_deref().unwrap_or_default();
            fields.push(("opportunity_id".to_owned(), Cell::text(deal)));
        }
        for (index, it) in self.duplicates.iter().enumerate() {
            let matched_on = it.matched_on.as_deref().unwrap_or_default();
            let end = if it.dismissed_at.is_some() { ", dismissed" } else { "" };
            let text = format!("{} by {matched_on}{end}", it.lead_id);
            fields.push((format!("duplicate_{}", index + 1), Cell::text(text)));
        }
        for it in &self.consents {
            let text = if it.granted { "granted" } else { "withdrawn" };
            fields.push((format!("consent_{}", it.purpose), Cell::text(text)));
        }
        fields.extend(faults(&self.faults));
        fields
    }
}

impl Shown for Lead {
    const NOUN: &'static str = "lead";

    fn fields(&self) -> Grid {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        let external: Vec<String> = self
            .external_ids
            .iter()
            .map(|it| format!("{}:{}", it.source, it.key.as_deref().unwrap_or("(erased)")))
            .collect();
        let mut fields = vec![
            ("id".to_owned(), Cell::text(&self.id)),
            ("person_id".into(), maybe(&self.person_id)),
            ("name".into(), Cell::text(text_shown(self.name.as_deref(), self.erased))),
            ("email".into(), maybe(&self.email)),
            ("phone".into(), maybe(&self.phone)),
            ("company".into(), maybe(&self.company)),
            ("title".into(), maybe(&self.title)),
            ("status".into(), maybe(&self.status)),
            ("reason_code".into(), maybe(&self.reason_code)),
            ("reason".into(), maybe(&self.reason)),
            ("owner".into(), Cell::text(label(self.owner.as_ref()))),
            ("channel".into(), maybe(&self.channel)),
            ("campaign".into(), maybe(&self.campaign)),
            ("captured_at".into(), maybe(&self.captured_at)),
            ("first_worked_at".into(), maybe(&self.first_worked_at)),
            ("handed_over_at".into(), maybe(&self.handed_over_at)),
            ("accepted_at".into(), maybe(&self.accepted_at)),
            ("rejected_at".into(), maybe(&self.rejected_at)),
            ("first_qualified_at".into(), maybe(&self.first_qualified_at)),
            ("times_recycled".into(), Cell::text(self.times_recycled.to_string())),
            ("merged_into".into(), maybe(&self.merged_into)),
            ("absorbed".into(), Cell::text(self.absorbed.join(" "))),
            ("notes".into(), Cell::text(self.notes_count.to_string())),
            ("external_ids".into(), Cell::text(external.join(" "))),
            ("etag".into(), Cell::text(&self.etag)),
        ];
        fields.extend(self.more_fields());
        // A person looks for what is there; a program reads JSON or the fixed columns of a list.
        fields.retain(|(_, cell)| *cell != Cell::text(""));
        Grid::of_fields(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_cell_for_each_column_and_says_what_was_erased() {
        let name = Some(PersonalText { text: String::new(), erased: true });
        let lead = Lead::from(sent::Lead { name, status: 7, ..sent::Lead::default() });
        assert_eq!(lead.row().len(), Lead::COLUMNS.len());
        assert_eq!(lead.row()[1], Cell::text("(erased)"));
        assert_eq!(lead.status.as_deref(), Some("qualified"));
    }
}
