//! The leads: campaigns bring them, some become the deals that are told, and most become nothing.

use std::collections::HashMap;

use api::ingest::v1::report::Fact;
use api::ingest::v1::{
    LeadAccepted, LeadAssigned, LeadCaptured, LeadConsentChanged, LeadDisqualified, LeadHandedOver,
    LeadNurtured, LeadQualified, LeadRecycled, LeadRejected, LeadWorked, Report,
};
use chrono::{NaiveDate, TimeDelta};

use super::calendar;
use super::course::Course;
use super::names::{self, one_of};
use super::record::Record;
use super::world::{Chance, World};

/// About how many leads come to nothing.
const FRUITLESS: u64 = 2_600;

/// Channels and the campaigns on them.
const CAMPAIGNS: [(&str, &str); 9] = [
    ("webinar", "forecasting_live"),
    ("webinar", "pipeline_clinic"),
    ("trade_show", "revenue_summit"),
    ("paid_search", "brand_search"),
    ("paid_search", "competitor_search"),
    ("content", "benchmark_report"),
    ("landing_page", "pricing_page"),
    ("outbound", "first_sequence"),
    ("referral", ""),
];

const DISQUALIFIED: [&str; 5] = ["no_fit", "no_budget", "unreachable", "student", "competitor"];
const REJECTED: [&str; 3] = ["too_small", "no_need_yet", "wrong_region"];
const RECYCLED: [&str; 2] = ["timing", "lost_interest"];

/// What is told of leads.
#[derive(Debug, Default)]
pub struct Leads {
    /// What happened to them, by time.
    pub reports: Vec<Report>,
    /// The lead that a deal came from, by the deal's key.
    pub origins: HashMap<String, String>,
    /// Who was captured, for those who come again.
    pub captured: Vec<Captured>,
}

/// A lead, and until when it goes on as one.
#[derive(Debug)]
pub struct Captured {
    /// The key that the source has for it.
    pub key: String,
    /// When: seconds since 1970.
    pub at: i64,
    /// Who it is.
    pub who: LeadCaptured,
}

/// Tells of all leads.
pub fn leads(world: &World<'_>) -> Leads {
    let mut teller = Teller { chance: world.chance(3), told: Leads::default(), number: 0 };
    for course in world.courses {
        teller.fruitful(world, course);
    }
    let days = (world.first_day, calendar::day_of(world.end - 1));
    let openings = calendar::openings(&mut teller.chance.0, world.team, days, FRUITLESS);
    for (day, rep) in openings {
        teller.fruitless(day, &world.team.reps[rep].key);
    }
    let mut told = teller.told;
    let at = |report: &Report| report.occurred_at.map_or(0, |at| at.seconds);
    told.reports.retain(|report| at(report) < world.end);
    told.captured.retain(|lead| lead.at < world.end);
    told.reports.sort_by_key(at);
    told
}

struct Teller {
    chance: Chance,
    told: Leads,
    number: u64,
}

impl Teller {
    /// A lead that became a deal, if the rep was there when it came.
    fn fruitful(&mut self, world: &World<'_>, course: &Course<'_>) {
        let Some(stand) = course.before(course.opened + 1) else { return };
        let days = 9 + self.chance.up_to(46);
        let opened = calendar::day_of(course.opened);
        let came = opened - TimeDelta::days(days);
        let is_there = world.team.is_there(&stand.owner, calendar::start_of(came));
        if came < world.first_day || !is_there || !self.chance.is_in(62) {
            return;
        }
        let key = self.key();
        let day = |part: i64| came + TimeDelta::days(days * part / 100);
        let mut record = self.begun(&key, came, course.company, &stand.owner);
        record.add(day(15), Fact::LeadWorked(LeadWorked {}));
        record.add(day(35), Fact::LeadHandedOver(LeadHandedOver {}));
        if self.chance.is_in(8) {
            record.add(day(40), rejected(&mut self.chance));
            record.add(day(45), Fact::LeadHandedOver(LeadHandedOver {}));
        }
        record.add(day(52), Fact::LeadAccepted(LeadAccepted {}));
        // The weekend, and it is still before the deal.
        record.add(opened - TimeDelta::days(3), Fact::LeadQualified(LeadQualified {}));
        self.told.origins.insert(course.key.to_owned(), key);
        self.end(record);
    }

    /// A lead of which nothing has come yet, and mostly will not.
    fn fruitless(&mut self, came: NaiveDate, owner: &str) {
        let key = self.key();
        let company = names::company(&mut self.chance.0);
        let mut record = self.begun(&key, came, &company, owner);
        let mut day = came;
        let mut next = |chance: &mut Chance| {
            day += TimeDelta::days(2 + chance.up_to(9));
            day
        };
        let chance = &mut self.chance;
        let (worked, then, later) = (next(chance), next(chance), next(chance));
        let reason = String::new();
        let drawn = chance.up_to(100);
        if drawn < 86 {
            record.add(worked, Fact::LeadWorked(LeadWorked {}));
        }
        match drawn {
            ..36 => {
                let reason_code = one_of(&mut chance.0, &DISQUALIFIED).to_owned();
                record.add(then, Fact::LeadDisqualified(LeadDisqualified { reason_code, reason }));
            }
            36..56 => {
                let reason_code = "not_ready".to_owned();
                record.add(then, Fact::LeadNurtured(LeadNurtured { reason_code, reason }));
            }
            56..66 => {
                record.add(then, Fact::LeadHandedOver(LeadHandedOver {}));
                record.add(later, rejected(chance));
            }
            66..80 => {
                record.add(then, Fact::LeadHandedOver(LeadHandedOver {}));
                record.add(later, Fact::LeadAccepted(LeadAccepted {}));
                let reason_code = one_of(&mut chance.0, &RECYCLED).to_owned();
                let recycled = LeadRecycled { reason_code, reason };
                record.add(next(chance), Fact::LeadRecycled(recycled));
            }
            80..83 => record.add(then, Fact::LeadHandedOver(LeadHandedOver {})),
            _ => {}
        }
        self.end(record);
    }

    /// Somebody who was captured and given to a rep.
    fn begun(&mut self, key: &str, came: NaiveDate, company: &str, owner: &str) -> Record {
        let name = names::person(&mut self.chance.0);
        let (channel, campaign) = one_of(&mut self.chance.0, &CAMPAIGNS);
        let who = LeadCaptured {
            email: names::email(&name, company),
            phone: names::phone(&mut self.chance.0),
            company: company.to_owned(),
            title: one_of(&mut self.chance.0, &names::TITLES).to_owned(),
            channel: channel.to_owned(),
            campaign: campaign.to_owned(),
            owner: String::new(),
            name,
        };
        let mut record = Record::new(key.to_owned());
        record.add(came, Fact::LeadCaptured(who));
        if self.chance.is_in(30) {
            let purpose = "newsletter".to_owned();
            let consent = LeadConsentChanged { purpose, granted: true };
            record.add(came, Fact::LeadConsentChanged(consent));
        }
        record.add(came, Fact::LeadAssigned(LeadAssigned { owner: owner.to_owned() }));
        record
    }

    fn end(&mut self, record: Record) {
        let reports = record.reports(&mut self.chance.0);
        if let Some(first) = reports.first()
            && let Some(Fact::LeadCaptured(who)) = &first.fact
        {
            let at = first.occurred_at.map_or(0, |at| at.seconds);
            self.told.captured.push(Captured { key: first.key.clone(), at, who: who.clone() });
        }
        self.told.reports.extend(reports);
    }

    fn key(&mut self) -> String {
        self.number += 1;
        format!("L-{:05}", self.number)
    }
}

fn rejected(chance: &mut Chance) -> Fact {
    let reason_code = one_of(&mut chance.0, &REJECTED).to_owned();
    Fact::LeadRejected(LeadRejected { reason_code, reason: String::new() })
}
