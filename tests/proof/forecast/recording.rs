//! Tells the product what is told of a random company, and keeps what it recorded.

use std::collections::HashMap;

use api::{
    google::r#type::Money,
    ingest::v1::{ReportAnswer, ReportRequest, ReportStatus},
    planning::v1::{DefineSourceRequest, SourceDefinition},
    types::v1::{ForecastCategory, Recorded as Answer},
};
use prost_types::Timestamp;
use tests::World;
use tonic::{Request, Status};

use super::{
    asking::Call,
    brute::{BEGINNING, History, Recorded},
    calendar::{self, Days},
    company::{Amount, CURRENCIES, Micros, PEOPLE, Told, What},
    reporting::report,
};

/// The source that reports.
pub const SOURCE: &str = "crm";

/// What became of a command: what was recorded and of which entity; `None` when it was refused.
pub type Became = Option<(Answer, String)>;

/// A tenant that is told a company's year.
pub struct Telling<'a> {
    pub(super) world: &'a World,
    tenant: String,
    pub history: History,
    /// Quotas and sheets by owner, days and currency.
    ids: HashMap<(usize, Days, &'static str), String>,
    pub refused: usize,
}

impl<'a> Telling<'a> {
    pub async fn begin(world: &'a World, tenant: &str) -> Telling<'a> {
        let definition = SourceDefinition { name: "CRM".into(), ..Default::default() };
        let source = DefineSourceRequest {
            key: SOURCE.into(),
            definition: Some(definition),
            ..Default::default()
        };
        world.planning().define_source(World::request_of(tenant, source)).await.unwrap();
        let history = History { people: vec![String::new(); PEOPLE], ..Default::default() };
        let ids = HashMap::new();
        Telling { world, tenant: tenant.to_owned(), history, ids, refused: 0 }
    }

    pub(super) fn request<T>(&self, message: T) -> Request<T> {
        World::request_of(&self.tenant, message)
    }

    /// Tells one thing.
    pub async fn tell(&mut self, told: &Told) {
        match &told.what {
            What::Deal(..) | What::Person { .. } | What::Stages(_) => self.report(told).await,
            What::TakenBack(back) => self.take_back(*back).await,
            What::Calendar(cut) => {
                let became = self.cut(told.at, *cut).await;
                self.keep(told, became, None);
            }
            What::Rate { from, to, plan, ten_thousandths } => {
                let pair = (*from, *to, *plan);
                let became = self.rate(told.at, pair, *ten_thousandths).await;
                self.keep(told, became, None);
            }
            what => {
                let at = told.at.unwrap();
                let period = match what {
                    What::Quota { period, .. } | What::QuotaWithdrawn { period, .. } => period,
                    What::Adjusted { on, .. }
                    | What::AdjustmentWithdrawn { on, .. }
                    | What::Submitted { on, .. }
                    | What::Unlocked { on } => &on.period,
                    other => unreachable!("{other:?}"),
                };
                let days = calendar::days(self.history.cut((at + 1, u64::MAX)), period);
                let became = self.command(at, what, days).await;
                self.keep(told, became, Some(days));
            }
        }
    }

    fn command<'t>(&'t self, at: Micros, what: &'t What, days: Days) -> Call<'t, Became> {
        let id = |owner: usize, currency| self.ids.get(&(owner, days, currency)).cloned();
        match what {
            What::Quota { owner, period, amount } => self.quota(at, *owner, period, *amount),
            What::QuotaWithdrawn { owner, .. } => self.quota_withdrawn(at, id(*owner, "")),
            What::Adjusted { on, number, change, expires } => {
                self.adjusted(at, on, *number, (*change, *expires))
            }
            What::AdjustmentWithdrawn { on, number } => {
                self.adjustment_withdrawn(at, *number, id(on.owner, on.currency))
            }
            What::Submitted { on, minor } => self.submitted(at, on, *minor),
            What::Unlocked { on } => self.unlocked(at, id(on.owner, on.currency)),
            other => unreachable!("{other:?}"),
        }
    }

    fn keep(&mut self, told: &Told, became: Became, days: Option<Days>) {
        let Some((answer, entity)) = became else {
            self.refused += 1;
            return;
        };
        let of = match &told.what {
            What::Quota { owner, .. } => Some((*owner, "")),
            What::Adjusted { on, .. } | What::Submitted { on, .. } => Some((on.owner, on.currency)),
            _ => None,
        };
        if let Some(((owner, currency), days)) = of.zip(days) {
            self.ids.insert((owner, days, currency), entity.clone());
        }
        if !answer.changed {
            return;
        }
        // A second setting without an instant holds from now, which is after everything here.
        let is_set = self.history.recorded.iter().any(|it| it.entity == entity);
        let without = if is_set { Micros::MAX } else { BEGINNING };
        self.history.recorded.push(Recorded {
            at: told.at.unwrap_or(without),
            position: answer.revision,
            entity,
            command: answer.command_id,
            days,
            what: told.what.clone(),
            takes_back: None,
        });
    }

    async fn report(&mut self, told: &Told) {
        let reports = vec![report(told)];
        let request = ReportRequest { source: SOURCE.into(), reports, ..Default::default() };
        let answer = send(self.world, self.request(futures::stream::iter([request]))).await;
        if answer.status() != ReportStatus::Applied {
            assert_eq!(answer.status(), ReportStatus::AlreadyThere, "{told:?}: {answer:?}");
            return;
        }
        if let What::Person { person, .. } = told.what {
            self.history.people[person].clone_from(&answer.entity_id);
        }
        self.history.recorded.push(Recorded {
            at: told.at.unwrap_or(BEGINNING),
            position: answer.position,
            entity: answer.entity_id,
            command: answer.command_id,
            days: None,
            what: told.what.clone(),
            takes_back: None,
        });
    }

    async fn take_back(&mut self, back: usize) {
        let place = self.history.recorded.len().checked_sub(back);
        let Some(it) = place.map(|place| self.history.recorded[place].clone()) else { return };
        let (entity, command) = (it.entity.clone(), it.command.clone());
        let became = match it.what {
            What::Deal(..) => self.void_deal(entity, command).await,
            What::Quota { .. } | What::QuotaWithdrawn { .. } => {
                self.void_quota(entity, command).await
            }
            What::Adjusted { .. }
            | What::AdjustmentWithdrawn { .. }
            | What::Submitted { .. }
            | What::Unlocked { .. } => self.void_sheet(entity, command).await,
            _ => return,
        };
        let Some((answer, entity)) = became.filter(|(answer, _)| answer.changed) else {
            self.refused += 1;
            return;
        };
        self.history.recorded.push(Recorded {
            at: Micros::MAX,
            position: answer.revision,
            entity,
            command: answer.command_id,
            days: None,
            what: What::TakenBack(back),
            takes_back: Some(it.command),
        });
    }
}

/// What a command became; what the rules refuse is not recorded, anything else is a mistake here.
pub fn became(result: Result<(Option<Answer>, String), Status>) -> Became {
    use tonic::Code::{FailedPrecondition, NotFound};
    match result {
        Ok((answer, id)) => Some((answer.unwrap(), id)),
        Err(status) => {
            let refused = [FailedPrecondition, NotFound].contains(&status.code());
            assert!(refused, "{status}");
            None
        }
    }
}

fn send(
    world: &World,
    request: Request<impl futures::Stream<Item = ReportRequest> + Send + 'static>,
) -> Call<'_, ReportAnswer> {
    Box::pin(async move {
        let mut answers = world.reports().report(request).await.unwrap().into_inner();
        answers.message().await.unwrap().unwrap().answers.remove(0)
    })
}

/// An instant as the contract writes it.
pub fn time(at: Micros) -> Timestamp {
    let nanos = at.rem_euclid(1_000_000) as i32 * 1_000;
    Timestamp { seconds: at.div_euclid(1_000_000), nanos }
}

/// An amount as the contract writes it.
pub fn money((minor, currency): Amount) -> Money {
    let decimals = CURRENCIES.iter().find(|it| it.0 == currency).unwrap().1;
    let one = 10_i64.pow(decimals.unsigned_abs());
    let nanos = (minor % one * (1_000_000_000 / one)) as i32;
    Money { currency_code: currency.into(), units: minor / one, nanos }
}

/// The minor units of an amount as the contract writes it.
pub fn minor(money: &Money) -> i64 {
    let decimals = CURRENCIES.iter().find(|it| it.0 == money.currency_code).map_or(2, |it| it.1);
    let one = 10_i64.pow(decimals.unsigned_abs());
    money.units * one + i64::from(money.nanos) / (1_000_000_000 / one)
}

/// A category by its word.
pub fn category(word: &str) -> ForecastCategory {
    let name = format!("FORECAST_CATEGORY_{}", word.to_uppercase());
    ForecastCategory::from_str_name(&name).unwrap()
}

/// The key of a person.
pub fn key(person: usize) -> String {
    format!("p{person}")
}
