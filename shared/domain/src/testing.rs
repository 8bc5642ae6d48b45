//! The words in which this crate's tests are told: deals, moves and recorded entries.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    AccountId, CalendarId, ContactId, Currency, Date, Decimal, Entity, Entry, Fact,
    ForecastCategory, Instant, Known, Moment, Money, OpportunityType, Personal, PipelineId,
    ProductId, Provenance, Reason, Sealed, Timeline, UserId, Voided, Weekday, calendar,
    exchange_rate, forecast,
    opportunity::{
        self, Abandoned, AccountChanged, AmountChanged, CategoryOverridden, CloseDateChanged,
        Command, CompetitorNamed, ContactRoleChanged, Lost, Noted, Opened, Opportunity,
        OwnerChanged, Reopened, Stage, StageChanged, TypeChanged, Won,
    },
    quota,
};

pub mod activities;
pub mod companies;
pub mod contracts;
pub mod leads;
pub mod rows;

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn money(minor: i64, code: &str) -> Option<Money> {
    let currency = Currency::from_code(code).unwrap();
    Some(Money { minor, currency })
}

pub fn usd(minor: i64) -> Option<Money> {
    money(minor, "USD")
}

pub fn eur(minor: i64) -> Option<Money> {
    money(minor, "EUR")
}

pub fn sealed(ciphertext: &[u8]) -> Personal {
    Personal::from(Sealed { key: id(7), nonce: [7; 24], ciphertext: ciphertext.to_vec() })
}

pub fn because(code: &str) -> Reason {
    Reason { code: code.to_owned(), text: None }
}

// Stages: a plain pipeline names them, one that counts the furthest gives their order too.

pub fn stage(key: &str) -> Stage {
    Stage { key: key.to_owned(), order: None }
}

pub fn nth_stage(order: u32) -> Stage {
    Stage { key: format!("stage_{order}"), order: Some(order) }
}

// Commands; `.reported()` makes facts of them.

pub fn opened() -> Opened {
    Opened {
        external_ids: Vec::new(),
        name: None,
        pipeline: PipelineId(id(1)),
        stage: stage("lead"),
        amount: usd(100),
        close_date: Some(Date(90)),
        owner: Some(UserId(id(1))),
        product: Some(ProductId(id(1))),
        account: None,
        opportunity_type: None,
    }
}

pub fn open() -> Command {
    Command::Open(opened())
}

pub fn open_in(stage: Stage) -> Command {
    Command::Open(Opened { stage, ..opened() })
}

pub fn open_with(amount: Option<Money>) -> Command {
    Command::Open(Opened { amount, ..opened() })
}

pub fn move_to(stage: Stage) -> Command {
    Command::ChangeStage(StageChanged { stage, pipeline: None })
}

pub fn to(key: &str) -> Command {
    move_to(stage(key))
}

pub fn to_nth(order: u32) -> Command {
    move_to(nth_stage(order))
}

pub fn amount(amount: Option<Money>) -> Command {
    Command::ChangeAmount(AmountChanged { amount })
}

pub fn close_date(day: Option<i32>) -> Command {
    Command::ChangeCloseDate(CloseDateChanged { close_date: day.map(Date) })
}

pub fn owner(number: Option<u128>) -> Command {
    Command::ChangeOwner(OwnerChanged { owner: number.map(|number| UserId(id(number))) })
}

pub fn category(category: Option<ForecastCategory>) -> Command {
    Command::OverrideCategory(CategoryOverridden { category, reason: because("judgement") })
}

pub fn win(amount: Option<Money>) -> Command {
    Command::Win(Won { amount, reason: because("") })
}

pub fn lose(code: &str) -> Command {
    Command::Lose(Lost { reason: because(code) })
}

pub fn abandon(code: &str) -> Command {
    Command::Abandon(Abandoned { reason: because(code) })
}

pub fn reopen(stage: Option<Stage>) -> Command {
    Command::Reopen(Reopened { pipeline: None, stage, reason: because("") })
}

pub fn note() -> Command {
    Command::Note(Noted { text: sealed(b"called") })
}

pub fn void(command: u128) -> Fact {
    opportunity::Fact::Voided(Voided { command_id: id(command), reason: because("") }).into()
}

pub fn fact(command: Command) -> Fact {
    command.reported().into()
}

pub fn account(number: Option<u128>) -> Command {
    Command::ChangeAccount(AccountChanged { account: number.map(|number| AccountId(id(number))) })
}

pub fn opportunity_type(opportunity_type: Option<OpportunityType>) -> Command {
    Command::ChangeType(TypeChanged { opportunity_type })
}

pub fn competitor(code: &str, text: Option<Personal>) -> Command {
    Command::NameCompetitor(CompetitorNamed { competitor: code.to_owned(), text })
}

pub fn contact_role(contact: u128, role: Option<&str>) -> Command {
    let (contact, role) = (ContactId(id(contact)), role.map(str::to_owned));
    Command::ChangeContactRole(ContactRoleChanged { contact, role })
}

// Entries: the command's number is its id, and its place in the log unless said otherwise.

pub fn entry(occurred_at: i64, command: u128, fact: impl Into<Fact>) -> Entry {
    Entry {
        moment: Moment {
            occurred_at: Instant(occurred_at),
            source_seq: 0,
            command_id: id(command),
            index: 0,
        },
        position: command as u64,
        recorded_at: Instant(1_000 + command as i64),
        provenance: Provenance {
            fingerprint: [0; 16],
            actor: Arc::from("ada"),
            origin: None,
            correlation_id: id(command),
            causation_id: None,
        },
        fact: fact.into(),
    }
}

pub fn timeline(entries: impl IntoIterator<Item = Entry>) -> Timeline {
    let mut timeline = Timeline::default();
    for entry in entries {
        timeline.insert(entry);
    }
    timeline
}

/// A timeline of a deal on which one thing happened at each of these instants, as it was recorded.
pub fn history(facts: impl IntoIterator<Item = (i64, Command)>) -> Timeline {
    let numbered = (1..).zip(facts);
    timeline(numbered.map(|(number, (at, command))| entry(at, number, command.reported())))
}

/// The state after facts that happened one after another.
pub fn fold<E: Entity>(facts: impl IntoIterator<Item = E::Fact>) -> E {
    let numbered = (1..).zip(facts);
    timeline(numbered.map(|(number, fact)| entry(number as i64, number, fact))).state(Known::NOW)
}

pub fn deal(given: &[Command]) -> Opportunity {
    fold(given.iter().cloned().map(Command::reported))
}

// Planning: one fiscal year from February, its last quarter, and Ada's numbers in it.

pub fn fiscal() -> calendar::Defined {
    let shape = calendar::Shape {
        pattern: calendar::Pattern::Months,
        first_month: 2,
        named_after: calendar::NamedAfter::Start,
        week_starts_on: Weekday::Monday,
        first_week: calendar::FirstWeek::Nearest,
    };
    let (key, name) = ("fiscal".to_owned(), "Fiscal".to_owned());
    calendar::Defined { key, name, shape, time_zone: "Europe/Berlin".to_owned(), retired: false }
}

/// From 2026-11-01 until 2027-02-01.
pub fn last_quarter() -> (Date, Date) {
    (Date(20_758), Date(20_850))
}

pub fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

pub fn rate_of(from: &str, to: &str, rate: &str) -> exchange_rate::Set {
    exchange_rate::Set {
        from: currency(from),
        to: currency(to),
        purpose: exchange_rate::Purpose::Actual,
        rate: Decimal::parse(rate).unwrap(),
    }
}

pub fn quota_of(minor: i64) -> quota::Set {
    let (starts, ends) = last_quarter();
    quota::Set {
        owner: UserId(id(1)),
        calendar: CalendarId(id(1)),
        period: "2026-Q4".to_owned(),
        starts,
        ends,
        measure: quota::Measure::Revenue,
        amount: usd(minor).unwrap(),
    }
}

pub fn sheet() -> forecast::Sheet {
    let (starts, ends) = last_quarter();
    forecast::Sheet {
        owner: UserId(id(1)),
        calendar: CalendarId(id(1)),
        period: "2026-Q4".to_owned(),
        starts,
        ends,
        currency: currency("USD"),
    }
}

pub fn commit_column() -> forecast::Column {
    forecast::Column { category: ForecastCategory::Commit, cumulative: false }
}

pub fn adjusted(level: forecast::Level, minor: i64) -> forecast::Adjusted {
    forecast::Adjusted {
        sheet: sheet(),
        level,
        by: UserId(id(2)),
        column: commit_column(),
        change: forecast::Change::To,
        amount: usd(minor).unwrap(),
        expires: None,
        note: None,
    }
}

pub fn submitted(minor: i64) -> forecast::Submitted {
    let column = commit_column();
    forecast::Submitted {
        sheet: sheet(),
        by: UserId(id(1)),
        amounts: vec![forecast::SubmittedAmount { column, amount: usd(minor).unwrap() }],
        note: None,
        seen_revision: 7,
    }
}
