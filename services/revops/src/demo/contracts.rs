//! What customers pay after a deal is won: contracts that grow, shrink, are renewed, end, and begin
//! again.

use api::accounts::v1::{
    ActivateContractRequest, ChurnContractRequest, ContractContractRequest, ExpandContractRequest,
    Interval, Recurring, RenewContractRequest, WinBackContractRequest,
};
use chrono::{Months, NaiveDate, TimeDelta};

use super::calendar;
use super::call::{Call, Chain, Command, instant};
use super::companies::Companies;
use super::names::one_of;
use super::record::date;
use super::wares::dollars;
use super::world::{Chance, World};

const CHURNED: [&str; 4] = ["price", "merger", "went_to_competitor", "project_ended"];

/// One chain for each deal that was won and stays won.
pub fn contracts(world: &World<'_>, companies: &Companies) -> Vec<Chain> {
    let mut chance = world.chance(6);
    let mut chains = Vec::new();
    for course in world.courses {
        let Some(stand) = course.before(world.end) else { continue };
        let Some((closed, true)) = stand.closed else { continue };
        let at = closed + 3_600;
        let mut contract = Contract {
            id: chance.id(),
            yearly: stand.amount,
            is_monthly: stand.amount < 12_000,
            owner: stand.owner,
            end: world.end,
            chain: Chain::new(),
            chance: &mut chance,
        };
        let starts = calendar::next_month(calendar::day_of(closed));
        let ends = starts + Months::new(12);
        let request = ActivateContractRequest {
            contract_id: contract.id.clone(),
            request_id: contract.chance.id(),
            occurred_at: instant(at),
            account_id: companies.id(course.company),
            opportunity_id: course.key.to_owned(),
            product: course.product.key.to_owned(),
            recurring: contract.recurring(),
            starts: date(starts),
            ends: date(ends),
            ..Default::default()
        };
        contract.add(at, Command::ActivateContract(request));
        contract.live(starts, ends);
        chains.push(contract.chain);
    }
    chains
}

struct Contract<'a> {
    id: String,
    yearly: i64,
    is_monthly: bool,
    owner: String,
    end: i64,
    chain: Chain,
    chance: &'a mut Chance,
}

impl Contract<'_> {
    /// A term, and what comes after it.
    fn live(&mut self, starts: NaiveDate, ends: NaiveDate) {
        let effective = starts + Months::new(3 + u32::try_from(self.chance.up_to(6)).unwrap_or(0));
        let agreed = calendar::start_of(effective - TimeDelta::days(9)) + 36_000;
        match self.chance.up_to(100) {
            ..24 => {
                self.change(20, 41);
                let expand = ExpandContractRequest {
                    contract_id: self.id.clone(),
                    request_id: self.chance.id(),
                    occurred_at: instant(agreed),
                    recurring: self.recurring(),
                    effective: date(effective),
                    ..Default::default()
                };
                self.add(agreed, Command::ExpandContract(expand));
            }
            24..32 => {
                self.change(-39, 25);
                let contract = ContractContractRequest {
                    contract_id: self.id.clone(),
                    request_id: self.chance.id(),
                    occurred_at: instant(agreed),
                    recurring: self.recurring(),
                    effective: date(effective),
                    ..Default::default()
                };
                self.add(agreed, Command::ContractContract(contract));
            }
            _ => {}
        }
        match self.chance.up_to(100) {
            ..78 => self.renew(ends),
            78..95 => self.churn(ends),
            _ => {}
        }
    }

    fn renew(&mut self, effective: NaiveDate) {
        let agreed = calendar::start_of(effective - TimeDelta::days(21)) + 39_600;
        self.change(0, 9);
        let renew = RenewContractRequest {
            contract_id: self.id.clone(),
            request_id: self.chance.id(),
            occurred_at: instant(agreed),
            recurring: self.recurring(),
            effective: date(effective),
            ends: date(effective + Months::new(12)),
            ..Default::default()
        };
        self.add(agreed, Command::RenewContract(renew));
    }

    fn churn(&mut self, effective: NaiveDate) {
        let told = calendar::start_of(effective - TimeDelta::days(40)) + 43_200;
        let churn = ChurnContractRequest {
            contract_id: self.id.clone(),
            request_id: self.chance.id(),
            occurred_at: instant(told),
            effective: date(effective),
            reason_code: one_of(&mut self.chance.0, &CHURNED).to_owned(),
            ..Default::default()
        };
        self.add(told, Command::ChurnContract(churn));
        if !self.chance.is_in(20) {
            return;
        }
        let again = effective + Months::new(2);
        let agreed = calendar::start_of(again - TimeDelta::days(5)) + 43_200;
        self.change(-10, 1);
        let back = WinBackContractRequest {
            contract_id: self.id.clone(),
            request_id: self.chance.id(),
            occurred_at: instant(agreed),
            recurring: self.recurring(),
            effective: date(again),
            ends: date(again + Months::new(12)),
            ..Default::default()
        };
        self.add(agreed, Command::WinBackContract(back));
    }

    /// Changes what is paid by so many percent at least, and fewer than that and the spread.
    fn change(&mut self, least: i64, spread: u64) {
        let percent = least + self.chance.up_to(spread);
        self.yearly += self.yearly * percent / 100 / 12 * 12;
    }

    fn recurring(&self) -> Option<Recurring> {
        let (amount, interval) = match self.is_monthly {
            true => (self.yearly / 12, Interval::Monthly),
            false => (self.yearly, Interval::Yearly),
        };
        Some(Recurring { amount: dollars(amount), interval: interval.into() })
    }

    /// What lies in the future has not been agreed yet.
    fn add(&mut self, at: i64, command: Command) {
        if at < self.end {
            self.chain.push(Call::new(&self.owner, at, command));
        }
    }
}
