//! How leads convert: a cohort of leads captured in a period, and what had become of them.

use std::collections::BTreeMap;

use api::leads::v1::{
    GetLeadConversionRequest, LeadConversionBy, LeadConversionGroup, LeadExclusion, LeadRate,
};
use domain::{Rejection, UserId, lead::Status};
use runtime::{query::QueryError, to_proto::Referring};

use crate::{list::Captured, views::Row};

/// What is asked about a cohort.
pub struct Question {
    captured: Captured,
    by: LeadConversionBy,
}

impl Question {
    /// Reads a request; every error names its field.
    pub fn read(request: &GetLeadConversionRequest) -> Result<Question, Rejection> {
        let by = LeadConversionBy::try_from(request.by).map_err(|_| {
            let message = "no such grouping; see LeadConversionBy";
            Rejection::invalid("GROUPING_UNKNOWN", "by", message)
        })?;
        let (from, before) = (request.captured_start.as_ref(), request.captured_end.as_ref());
        Ok(Question { captured: Captured::read(from, before)?, by })
    }

    fn key(&self, row: &Row) -> Option<Key> {
        match self.by {
            LeadConversionBy::Unspecified => None,
            LeadConversionBy::Channel => Some(Key::Code(row.channel.clone())),
            LeadConversionBy::Campaign => Some(Key::Code(row.campaign.clone())),
            LeadConversionBy::Owner => Some(Key::Owner(row.owner)),
        }
    }
}

/// What a group is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A channel or a campaign.
    Code(Box<str>),
    /// An owner, or nobody.
    Owner(Option<UserId>),
}

/// What became of some leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    captured: u64,
    with_opportunity: u64,
    without_opportunity: u64,
    excluded: BTreeMap<&'static str, u64>,
}

impl Counts {
    fn add(&mut self, row: &Row) {
        if let Some(reason) = excluded(row) {
            *self.excluded.entry(reason).or_default() += 1;
            return;
        }
        self.captured += 1;
        match (row.converted_at, row.has_opportunity) {
            (None, _) => {}
            (Some(_), true) => self.with_opportunity += 1,
            (Some(_), false) => self.without_opportunity += 1,
        }
    }

    /// The counts as rates, of a group that has no name yet.
    pub fn shown(&self) -> LeadConversionGroup {
        let rate = |numerator, definition: &str| Some(rate(numerator, self.captured, definition));
        let excluded = self.excluded.iter();
        LeadConversionGroup {
            key: String::new(),
            name: None,
            id: String::new(),
            converted: rate(
                self.with_opportunity + self.without_opportunity,
                "lead_conversion_rate.v1",
            ),
            with_opportunity: rate(self.with_opportunity, "lead_to_opportunity_rate.v1"),
            without_opportunity: rate(self.without_opportunity, "lead_to_contact_rate.v1"),
            excluded: excluded
                .map(|(reason, count)| LeadExclusion {
                    reason: (*reason).to_owned(),
                    count: *count,
                })
                .collect(),
        }
    }
}

fn rate(numerator: u64, denominator: u64, definition: &str) -> LeadRate {
    let value = (denominator > 0).then(|| numerator as f64 / denominator as f64);
    let why_null = if value.is_none() { "ZERO_DENOMINATOR" } else { "" };
    LeadRate {
        value,
        numerator,
        denominator,
        definition: definition.to_owned(),
        why_null: why_null.to_owned(),
    }
}

/// Why a lead does not count: another one counts for it, or it never was one. A disqualified lead
/// counts all the same unless its reason says that.
fn excluded(row: &Row) -> Option<&'static str> {
    match (row.status, &*row.reason_code) {
        (Status::Merged, _) => Some("MERGED"),
        (Status::Disqualified, "duplicate") => Some("DUPLICATE"),
        (Status::Disqualified, "junk") => Some("JUNK"),
        (Status::Disqualified, "test") => Some("TEST"),
        _ => None,
    }
}

/// Counts a cohort, whole and by group.
pub fn count<'a>(
    question: &Question,
    rows: impl Iterator<Item = &'a Row>,
) -> (Counts, BTreeMap<Key, Counts>) {
    let (mut total, mut groups) = (Counts::default(), BTreeMap::<Key, Counts>::new());
    for row in rows.filter(|row| row.captured_at.is_some_and(|at| question.captured.holds(at))) {
        total.add(row);
        if let Some(key) = question.key(row) {
            groups.entry(key).or_default().add(row);
        }
    }
    (total, groups)
}

/// Names groups as they were called at the point asked for, in the order of their keys.
pub async fn named(
    groups: BTreeMap<Key, Counts>,
    at: &Referring<'_>,
) -> Result<Vec<LeadConversionGroup>, QueryError> {
    let mut named = Vec::with_capacity(groups.len());
    for (key, counts) in groups {
        let group = counts.shown();
        named.push(match key {
            Key::Code(code) => LeadConversionGroup { key: code.into(), ..group },
            Key::Owner(None) => group,
            Key::Owner(Some(owner)) => {
                let user = at.user(owner).await?;
                let key = if user.key.is_empty() { user.id.clone() } else { user.key };
                LeadConversionGroup { key, name: user.name, id: user.id, ..group }
            }
        });
    }
    named.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    Ok(named)
}

#[cfg(test)]
mod tests {
    use domain::Instant;

    use super::*;

    fn row(at: i64, status: Status, opportunity: Option<bool>, reason: &str) -> Row {
        Row {
            captured_at: Some(Instant(at)),
            status,
            converted_at: opportunity.map(|_| Instant(at + 1)),
            has_opportunity: opportunity == Some(true),
            reason_code: reason.into(),
            channel: if at % 2 == 0 { "even".into() } else { "odd".into() },
            ..Row::default()
        }
    }

    fn figures(rate: &Option<LeadRate>) -> (u64, u64, Option<f64>, &str) {
        let rate = rate.as_ref().unwrap();
        (rate.numerator, rate.denominator, rate.value, rate.why_null.as_str())
    }

    #[test]
    fn a_cohort_counts_each_lead_once() {
        let rows = [
            row(1, Status::Converted, Some(true), ""),
            row(2, Status::Converted, Some(false), ""),
            row(3, Status::Disqualified, None, "budget"),
            row(4, Status::Disqualified, None, "junk"),
            row(5, Status::Merged, None, ""),
            row(6, Status::Recycled, None, "later"),
        ];
        let by = LeadConversionBy::Channel.into();
        let question = Question::read(&GetLeadConversionRequest { by, ..Default::default() });
        let (total, groups) = count(&question.unwrap(), rows.iter());
        let total = total.shown();
        assert_eq!(figures(&total.converted), (2, 4, Some(0.5), ""));
        assert_eq!(figures(&total.with_opportunity), (1, 4, Some(0.25), ""));
        assert_eq!(figures(&total.without_opportunity), (1, 4, Some(0.25), ""));
        let excluded: Vec<_> =
            total.excluded.iter().map(|it| (it.reason.as_str(), it.count)).collect();
        assert_eq!(excluded, [("JUNK", 1), ("MERGED", 1)]);
        let even = groups[&Key::Code("even".into())].shown();
        assert_eq!(figures(&even.converted), (1, 2, Some(0.5), ""));
    }

    #[test]
    fn nobody_converted_of_nobody_is_not_zero() {
        let total = Counts::default().shown();
        assert_eq!(figures(&total.converted), (0, 0, None, "ZERO_DENOMINATOR"));
    }
}
