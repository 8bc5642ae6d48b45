//! `quota`: what somebody is to bring in one period.

use api::google::r#type::{Date, Money as SentMoney};
use api::planning::v1 as sent;
use api::types::v1::{ReadAt, Recorded};
use clap::Subcommand;
use prost_types::Timestamp;
use serde::Serialize;
use tonic::Status;

use super::{Listed, Many, PAGE_SIZE};
use crate::failure::Failure;
use crate::grid::{Cell, Grid};
use crate::money::{self, Money};
use crate::recorded::{Done, Repeatable, Shown, just_after};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::when::When;
use crate::wording::{Reference, given, label};

/// The verbs of a quota.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List quotas, withdrawn ones too
    List(ListArgs),
    /// Set a quota for exactly the days of a period, or set it anew
    #[command(after_help = "Example:\n  revops quota set ann '120000 USD' --period 2026-Q2")]
    Set(SetArgs),
    /// Let a quota hold no longer
    Withdraw {
        /// The quota's id
        id: String,
        /// When it happened, if not now
        #[arg(long, value_name = "T", value_parser = times::instant)]
        at: Option<Timestamp>,
        #[command(flatten)]
        why: Why,
    },
    /// Take one command on a quota back, as if it had never been given
    Void {
        /// The quota's id
        id: String,
        /// The id of the command to take back
        command_id: String,
        #[command(flatten)]
        why: Why,
    },
}

/// Which quotas.
#[derive(Debug, Default, clap::Args)]
pub struct ListArgs {
    /// Only this user's, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,

    /// Only those of exactly this period's days
    #[arg(long, default_value = "", hide_default_value = true, value_name = "P")]
    period: String,

    /// The calendar of the period, by key or id [default: the only one]
    #[arg(long, default_value = "", hide_default_value = true)]
    calendar: String,

    #[command(flatten)]
    when: When,
}

/// A quota.
#[derive(Debug, clap::Args)]
pub struct SetArgs {
    /// Whose it is: a user, by key or id
    owner: String,

    /// How much, as in '120000 USD'
    #[arg(value_parser = money::parse, allow_hyphen_values = true)]
    amount: SentMoney,

    /// The period's key, such as 2026-Q2
    #[arg(long, default_value = "", hide_default_value = true, value_name = "P")]
    #[arg(required_unless_present = "from")]
    period: String,

    /// The first day of the period, instead of its key
    #[arg(long, value_name = "D", value_parser = times::day, requires = "to")]
    from: Option<Date>,

    /// The first day after the period
    #[arg(long, value_name = "D", value_parser = times::day, requires = "from")]
    to: Option<Date>,

    /// The calendar, by key or id [default: the only one]
    #[arg(long, default_value = "", hide_default_value = true)]
    calendar: String,

    /// When it was set, if not now
    #[arg(long, value_name = "T", value_parser = times::instant)]
    at: Option<Timestamp>,

    #[command(flatten)]
    repeatable: Repeatable,
}

/// Why, and under which id.
#[derive(Debug, clap::Args)]
pub struct Why {
    /// Why, as a short key
    #[arg(long, value_name = "CODE")]
    reason: String,

    /// Why, in one's own words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,

    #[command(flatten)]
    repeatable: Repeatable,
}

/// Runs a verb.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::List(args) => {
            let read_at = args.when.read_at(session);
            session.output.answer(&list(session, args, read_at).await?)
        }
        Verb::Set(args) => set(args, session).await,
        Verb::Withdraw { id, at, why } => {
            let request_id = why.repeatable.request_id();
            let request = sent::WithdrawQuotaRequest {
                quota_id: id.clone(),
                request_id: request_id.clone(),
                etag: why.repeatable.etag,
                occurred_at: at,
                reason_code: why.reason,
                reason: why.comment,
            };
            let answer = session.planning().withdraw_quota(session.request(request)).await;
            let answer = answer.map_err(|status| Failure::of_command(status, &request_id))?;
            report(session, id, answer.into_inner().recorded).await
        }
        Verb::Void { id, command_id, why } => {
            let request_id = why.repeatable.request_id();
            let request = sent::VoidQuotaCommandRequest {
                quota_id: id.clone(),
                request_id: request_id.clone(),
                etag: why.repeatable.etag,
                command_id,
                reason_code: why.reason,
                reason: why.comment,
            };
            let answer = session.planning().void_quota_command(session.request(request)).await;
            let answer = answer.map_err(|status| Failure::of_command(status, &request_id))?;
            report(session, id, answer.into_inner().recorded).await
        }
    }
}

async fn set(args: SetArgs, session: &Session) -> anyhow::Result<()> {
    let request_id = args.repeatable.request_id();
    let request = sent::SetQuotaRequest {
        request_id: request_id.clone(),
        etag: args.repeatable.etag,
        occurred_at: args.at,
        owner: args.owner,
        calendar: args.calendar,
        period: args.period,
        start_date: args.from,
        end_date: args.to,
        measure: sent::QuotaMeasure::Revenue.into(),
        amount: Some(args.amount),
    };
    let answer = session.planning().set_quota(session.request(request)).await;
    let answer = answer.map_err(|status| Failure::of_command(status, &request_id))?.into_inner();
    report(session, answer.quota_id, answer.recorded).await
}

/// Shows the quota as the command left it.
async fn report(session: &Session, id: String, recorded: Option<Recorded>) -> anyhow::Result<()> {
    let all = list(session, ListArgs::default(), just_after(recorded.as_ref())).await.ok();
    let after = all.and_then(|Many { standing, items }| {
        items.into_iter().find(|quota| quota.id == id).map(|quota| (standing, quota))
    });
    Done::new(id, recorded, after).report(&session.output)
}

async fn list(session: &Session, args: ListArgs, read_at: ReadAt) -> Result<Many<Quota>, Status> {
    let mut client = session.planning();
    let mut many = Many { standing: Standing::default(), items: Vec::new() };
    let mut request = sent::ListQuotasRequest {
        read_at: Some(read_at),
        page_size: PAGE_SIZE,
        page_token: String::new(),
        owner: args.owner,
        calendar: args.calendar,
        period: args.period,
    };
    loop {
        let page = client.list_quotas(session.request(request.clone())).await?.into_inner();
        many.standing = Standing::of(page.reflected);
        many.items.extend(page.quotas.into_iter().map(Quota::from));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(many);
        }
    }
}

/// A quota as JSON shows it.
#[derive(Debug, Serialize)]
pub struct Quota {
    id: String,
    owner: Option<Reference>,
    calendar_id: String,
    period: String,
    start_date: Option<String>,
    end_date: Option<String>,
    amount: Option<Money>,
    set_at: Option<String>,
    withdrawn_at: Option<String>,
    reason_code: Option<String>,
    reason: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reason_erased: bool,
    faults: Vec<String>,
    etag: String,
}

impl From<sent::Quota> for Quota {
    fn from(quota: sent::Quota) -> Self {
        let reason = quota.reason.unwrap_or_default();
        Self {
            id: quota.id,
            owner: quota.owner.map(Reference::from),
            calendar_id: quota.calendar_id,
            period: quota.period,
            start_date: quota.start_date.as_ref().map(times::show_day),
            end_date: quota.end_date.as_ref().map(times::show_day),
            amount: quota.amount.as_ref().map(Money::from),
            set_at: quota.set_at.as_ref().map(times::show),
            withdrawn_at: quota.withdrawn_at.as_ref().map(times::show),
            reason_code: given(quota.reason_code),
            reason_erased: reason.erased,
            reason: given(reason.text),
            faults: quota.faults,
            etag: quota.etag,
        }
    }
}

impl Shown for Quota {
    const NOUN: &'static str = "quota";

    fn fields(&self) -> Grid {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        let amount = self.amount.as_ref().map(ToString::to_string).unwrap_or_default();
        Grid::of_fields([
            ("id", Cell::text(&self.id)),
            ("owner", Cell::text(label(self.owner.as_ref()))),
            ("period", Cell::text(&self.period)),
            ("start_date", maybe(&self.start_date)),
            ("end_date", maybe(&self.end_date)),
            ("amount", Cell::text(amount)),
            ("set_at", maybe(&self.set_at)),
            ("withdrawn_at", maybe(&self.withdrawn_at)),
            ("reason_code", maybe(&self.reason_code)),
            ("etag", Cell::text(&self.etag)),
        ])
    }
}

impl Listed for Quota {
    const NOUNS: &'static str = "quotas";
    const COLUMNS: &'static [&'static str] =
        &["id", "owner", "period", "start_date", "end_date", "amount", "currency", "withdrawn_at"];

    fn row(&self) -> Vec<Cell> {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        vec![
            Cell::text(&self.id),
            Cell::text(label(self.owner.as_ref())),
            Cell::text(&self.period),
            maybe(&self.start_date),
            maybe(&self.end_date),
            Cell::Amount(self.amount.clone()),
            Cell::text(self.amount.as_ref().map_or("", |amount| &amount.currency)),
            maybe(&self.withdrawn_at),
        ]
    }
}
