//! What reps do about their deals: calls, e-mails, meetings and demos, with what came of them. Some
//! are seen by the calendar too, as a second activity that is the same one.

use api::accounts::v1::{
    ActivityLink, ActivityParticipant, ActivityType, LogActivityRequest,
    RecordActivityOutcomeRequest, activity_link, activity_participant,
};
use api::types::v1::ExternalId;
use chrono::TimeDelta;

use super::call::{Call, Chain, Command, instant};
use super::companies::Companies;
use super::course::Course;
use super::people::People;
use super::world::{Chance, World};
use super::{CALENDAR, calendar};

/// How many of a hundred meetings the calendar sees as well.
const SEEN_TWICE: u64 = 30;

/// Tells of all activities on all deals, one chain for each.
pub fn activities(world: &World<'_>, companies: &Companies, people: &People) -> Vec<Chain> {
    let mut teller = Teller { world, chance: world.chance(5), chains: Vec::new(), seen: 0 };
    for course in world.courses {
        let about = [
            activity_link::Entity::OpportunityId(course.key.to_owned()),
            activity_link::Entity::AccountId(companies.id(course.company)),
        ];
        let about = about.map(|entity| ActivityLink { entity: Some(entity) });
        teller.deal(course, &about, &people.contact(course.key));
    }
    teller.chains
}

struct Teller<'a> {
    world: &'a World<'a>,
    chance: Chance,
    chains: Vec<Chain>,
    seen: u64,
}

impl Teller<'_> {
    fn deal(&mut self, course: &Course<'_>, about: &[ActivityLink; 2], contact: &str) {
        let opened = calendar::day_of(course.opened);
        let wanted = 1 + self.chance.up_to(5);
        for step in 0..wanted {
            let days = course.product.days * step / wanted + 1 + self.chance.up_to(6);
            let day = opened + TimeDelta::days(days);
            let starts = calendar::office_hours(day, &mut self.chance.0) / 900 * 900;
            let Some(stand) = course.before(starts) else { continue };
            let is_over = stand.closed.is_some() || starts + 7_200 >= self.world.end;
            if is_over || !self.world.team.is_there(&stand.owner, starts) {
                continue;
            }
            let what = self.kind(step, wanted);
            let request = self.logged(what, starts, &stand.owner, contact);
            let request = LogActivityRequest { about: about.to_vec(), ..request };
            self.add(request, starts, &stand.owner);
        }
    }

    fn kind(&mut self, step: i64, wanted: i64) -> ActivityType {
        match (self.chance.up_to(10), step * 3 / wanted) {
            (0..5, 0) => ActivityType::Call,
            (_, 0) => ActivityType::Email,
            (0..4, 1) => ActivityType::Demo,
            (4..8, 1) => ActivityType::Meeting,
            (0..6, _) => ActivityType::Meeting,
            _ => ActivityType::Call,
        }
    }

    fn logged(
        &mut self,
        what: ActivityType,
        starts: i64,
        owner: &str,
        contact: &str,
    ) -> LogActivityRequest {
        let participants = [
            activity_participant::Who::User(owner.to_owned()),
            activity_participant::Who::ContactId(contact.to_owned()),
        ];
        let minutes = match what {
            ActivityType::Call => Some(15),
            ActivityType::Meeting | ActivityType::Demo => Some(45),
            _ => None,
        };
        LogActivityRequest {
            activity_id: self.chance.id(),
            request_id: self.chance.id(),
            occurred_at: instant(starts + minutes.map_or(60, |minutes| i64::from(minutes) * 60)),
            activity_type: what.into(),
            starts_at: instant(starts),
            duration_minutes: minutes,
            participants: participants.map(|who| ActivityParticipant { who: Some(who) }).to_vec(),
            owner: owner.to_owned(),
            ..Default::default()
        }
    }

    fn add(&mut self, request: LogActivityRequest, starts: i64, owner: &str) {
        let at = request.occurred_at.map_or(starts, |at| at.seconds);
        let outcome = match request.activity_type() {
            ActivityType::Call if self.chance.is_in(35) => "no_answer",
            ActivityType::Call => "connected",
            ActivityType::Meeting | ActivityType::Demo if self.chance.is_in(8) => "no_show",
            ActivityType::Meeting | ActivityType::Demo => "held",
            _ => "",
        };
        let meets = matches!(request.activity_type(), ActivityType::Meeting | ActivityType::Demo);
        let mut chain = Chain::new();
        let activity_id = request.activity_id.clone();
        if meets && self.chance.is_in(SEEN_TWICE) {
            self.seen += 1;
            let seen = ExternalId { source: CALENDAR.to_owned(), key: format!("E-{}", self.seen) };
            let again = LogActivityRequest {
                activity_id: String::new(),
                request_id: self.chance.id(),
                external_id: Some(seen),
                occurred_at: instant(starts),
                ..request.clone()
            };
            chain.push(Call::new(CALENDAR, starts, Command::LogActivity(again)));
        }
        chain.push(Call::new(owner, at, Command::LogActivity(request)));
        if !outcome.is_empty() {
            let recorded = RecordActivityOutcomeRequest {
                activity_id,
                request_id: self.chance.id(),
                occurred_at: instant(at + 120),
                outcome: outcome.to_owned(),
                ..Default::default()
            };
            chain.push(Call::new(owner, at + 120, Command::RecordOutcome(recorded)));
        }
        self.chains.push(chain);
    }
}
