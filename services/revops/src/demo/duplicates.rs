//! Those who come a second time: captured anew, found to be the same, and merged or told apart.

use api::leads::v1::{CaptureLeadRequest, DismissLeadDuplicateRequest, MergeLeadsRequest};

use super::call::{Call, Chain, Command, instant};
use super::leads::Captured;
use super::world::World;

const DAY: i64 = 86_400;

/// How many of a hundred come again.
const AGAIN: u64 = 4;

/// Who acts where nobody has been asked: marketing.
const MARKETING: &str = "marketing";

/// One chain for each who came again.
pub fn duplicates(world: &World<'_>, captured: &[Captured]) -> Vec<Chain> {
    let mut chance = world.chance(4);
    let mut chains = Vec::new();
    for lead in captured {
        if !chance.is_in(AGAIN) {
            continue;
        }
        let at = lead.at + (1 + chance.up_to(21)) * DAY + chance.up_to(3_600);
        let again = chance.id();
        let capture = CaptureLeadRequest {
            lead_id: again.clone(),
            request_id: chance.id(),
            occurred_at: instant(at),
            name: lead.who.name.clone(),
            email: lead.who.email.to_uppercase(),
            phone: format!("+{}", lead.who.phone),
            company: lead.who.company.clone(),
            channel: "landing_page".to_owned(),
            campaign: "pricing_page".to_owned(),
            ..Default::default()
        };
        let mut chain = vec![Call::new(MARKETING, at, Command::CaptureLead(capture))];
        let later = at + (2 + chance.up_to(70)) * 3_600;
        let request_id = chance.id();
        if chance.is_in(88) {
            let merge = MergeLeadsRequest {
                lead_id: again,
                request_id,
                occurred_at: instant(later),
                into: lead.key.clone(),
                ..Default::default()
            };
            chain.push(Call::new(MARKETING, later, Command::MergeLeads(merge)));
        } else if chance.is_in(50) {
            let dismiss = DismissLeadDuplicateRequest {
                lead_id: again,
                request_id,
                occurred_at: instant(later),
                of: lead.key.clone(),
                reason_code: "namesake".to_owned(),
                ..Default::default()
            };
            chain.push(Call::new(MARKETING, later, Command::DismissDuplicate(dismiss)));
        }
        chain.retain(|call| call.at < world.end);
        chains.push(chain);
    }
    chains
}
