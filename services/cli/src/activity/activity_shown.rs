//! An activity as JSON and tables show it.

use api::accounts::v1 as sent;
use serde::Serialize;

use super::links::{link_text, participant_text, type_name};
use crate::entity::{ExternalId, Fault, external_ids, faults, maybe};
use crate::grid::{Cell, Grid};
use crate::recorded::Shown;
use crate::times;
use crate::wording::{Reference, given, label, text_shown};

/// An activity at the instant of the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Activity {
    id: String,
    external_ids: Vec<ExternalId>,
    #[serde(rename = "type")]
    activity_type: Option<String>,
    about: Vec<String>,
    starts_at: Option<String>,
    duration_minutes: Option<u32>,
    participants: Vec<String>,
    has_calendar_id: bool,
    subject: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    subject_erased: bool,
    owner: Option<Reference>,
    due: Option<String>,
    outcome: Option<String>,
    logged_at: Option<String>,
    completed_at: Option<String>,
    cancelled_at: Option<String>,
    cancel_reason_code: Option<String>,
    cancel_reason: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cancel_reason_erased: bool,
    notes_count: u64,
    faults: Vec<Fault>,
    etag: String,
}

impl From<sent::Activity> for Activity {
    fn from(activity: sent::Activity) -> Self {
        let subject = activity.subject.unwrap_or_default();
        let reason = activity.cancel_reason.unwrap_or_default();
        Self {
            id: activity.id,
            external_ids: activity.external_ids.into_iter().map(ExternalId::from).collect(),
            activity_type: type_name(activity.activity_type),
            about: activity.about.into_iter().map(link_text).collect(),
            starts_at: activity.starts_at.as_ref().map(times::show),
            duration_minutes: activity.duration_minutes,
            participants: activity.participants.into_iter().map(participant_text).collect(),
            has_calendar_id: activity.has_calendar_id,
            subject: given(subject.text),
            subject_erased: subject.erased,
            owner: activity.owner.map(Reference::from),
            due: activity.due.as_ref().map(times::show_day),
            outcome: given(activity.outcome),
            logged_at: activity.logged_at.as_ref().map(times::show),
            completed_at: activity.completed_at.as_ref().map(times::show),
            cancelled_at: activity.cancelled_at.as_ref().map(times::show),
            cancel_reason_code: given(activity.cancel_reason_code),
            cancel_reason: given(reason.text),
            cancel_reason_erased: reason.erased,
            notes_count: activity.notes_count,
            faults: activity.faults.into_iter().map(Fault::from).collect(),
            etag: activity.etag,
        }
    }
}

impl Activity {
    /// The columns of a list of activities.
    pub const COLUMNS: [&'static str; 9] = [
        "id",
        "type",
        "starts_at",
        "subject",
        "owner",
        "about",
        "outcome",
        "completed_at",
        "cancelled_at",
    ];

    /// The activity as a row of a list.
    pub fn row(&self) -> Vec<Cell> {
        vec![
            Cell::text(&self.id),
            maybe(&self.activity_type),
            maybe(&self.starts_at),
            Cell::text(text_shown(self.subject.as_deref(), self.subject_erased)),
            Cell::text(label(self.owner.as_ref())),
            Cell::text(self.about.join(" ")),
            maybe(&self.outcome),
            maybe(&self.completed_at),
            maybe(&self.cancelled_at),
        ]
    }
}

impl Shown for Activity {
    const NOUN: &'static str = "activity";

    fn fields(&self) -> Grid {
        let columns = Self::COLUMNS.iter().map(|column| (*column).to_owned());
        let mut fields: Vec<(String, Cell)> = columns.zip(self.row()).collect();
        let minutes = self.duration_minutes.map(|it| it.to_string());
        let reason = text_shown(self.cancel_reason.as_deref(), self.cancel_reason_erased);
        fields.push(("minutes".into(), maybe(&minutes)));
        fields.push(("participants".into(), Cell::text(self.participants.join(" "))));
        fields.push(("due".into(), maybe(&self.due)));
        fields.push(("logged_at".into(), maybe(&self.logged_at)));
        fields.push(("cancel_reason_code".into(), maybe(&self.cancel_reason_code)));
        fields.push(("cancel_reason".into(), Cell::text(reason)));
        fields.push(("notes".into(), Cell::text(self.notes_count.to_string())));
        fields.push(("external_ids".into(), external_ids(&self.external_ids)));
        fields.push(("etag".into(), Cell::text(&self.etag)));
        fields.extend(faults(&self.faults));
        fields.retain(|(_, cell)| *cell != Cell::text(""));
        Grid::of_fields(fields)
    }
}
