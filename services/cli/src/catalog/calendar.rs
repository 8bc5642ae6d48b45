//! `calendar`: how a company cuts time into years, quarters, months and weeks of its own.

use api::planning::v1 as sent;
use api::types::v1::ReadAt;
use clap::{Subcommand, ValueEnum};
use serde::Serialize;
use tonic::Status;

use super::{Head, Listed, Many, One, PAGE_SIZE, Verb, mark};
use crate::failure::Failure;
use crate::grid::{Cell, Grid};
use crate::output::{Answer, one_a_line};
use crate::recorded::{Done, Shown, just_after};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::when::When;
use crate::wording::{constant, given, lower};

/// The verbs of a calendar.
#[derive(Debug, Subcommand)]
pub enum CalendarVerb {
    #[command(flatten)]
    Catalog(Verb<Definition>),
    /// The periods of a fiscal year, with their days and instants
    Periods(PeriodsArgs),
}

/// How it cuts time.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  revops calendar define fiscal --name Fiscal --pattern months \
                        --first-month 7 --time-zone Europe/Berlin\n  revops calendar define \
                        retail --name Retail --pattern 4-5-4 --first-month 2 --week-starts-on \
                        sunday"
)]
pub struct Definition {
    /// What people call it
    #[arg(long)]
    name: String,

    /// What a year is made of
    #[arg(long, value_enum)]
    pattern: Pattern,

    /// The month that the year starts in or near, 1 to 12
    #[arg(long, default_value_t = 1, value_name = "N")]
    first_month: u32,

    /// Which calendar year gives a fiscal year its name
    #[arg(long, value_enum, default_value = "start")]
    year_named_after: NamedAfter,

    /// The first day of each week
    #[arg(long, value_enum, default_value = "monday")]
    week_starts_on: Weekday,

    /// Where the first week starts, seen from the first day of the first month
    #[arg(long, value_enum, default_value = "nearest")]
    first_week: FirstWeek,

    /// The IANA zone in which its days begin
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    time_zone: String,

    /// It takes no more quotas and forecasts
    #[arg(long)]
    retired: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Pattern {
    /// Twelve months of the Gregorian calendar
    Months,
    /// Quarters of thirteen weeks, in months of four, four and five
    #[value(name = "4-4-5")]
    FourFourFive,
    /// In months of four, five and four
    #[value(name = "4-5-4")]
    FourFiveFour,
    /// In months of five, four and four
    #[value(name = "5-4-4")]
    FiveFourFour,
    /// Weeks alone
    Weeks,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum NamedAfter {
    /// The one that it starts in
    Start,
    /// The one that it ends in
    End,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FirstWeek {
    /// The week that holds it
    #[value(alias = "on_or_before")]
    OnOrBefore,
    /// At most three days away from it
    Nearest,
    /// The first whole week
    #[value(alias = "on_or_after")]
    OnOrAfter,
}

/// How long periods are.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Year,
    Half,
    Quarter,
    Month,
    Week,
}

/// Which calendar and year.
#[derive(Debug, clap::Args)]
pub struct PeriodsArgs {
    /// The calendar, by key or id [default: the only one]
    #[arg(default_value = "", hide_default_value = true)]
    calendar: String,

    /// The fiscal year [default: this one]
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "YEAR")]
    year: i32,

    /// Only periods of this length
    #[arg(long, value_enum)]
    level: Option<Level>,

    #[command(flatten)]
    when: When,
}

impl Definition {
    fn stated(self) -> anyhow::Result<sent::CalendarDefinition> {
        let pattern = match self.pattern {
            Pattern::Months => sent::CalendarPattern::Months,
            Pattern::FourFourFive => sent::CalendarPattern::FourFourFive,
            Pattern::FourFiveFour => sent::CalendarPattern::FourFiveFour,
            Pattern::FiveFourFour => sent::CalendarPattern::FiveFourFour,
            Pattern::Weeks => sent::CalendarPattern::Weeks,
        };
        let fiscal_year_name = match self.year_named_after {
            NamedAfter::Start => sent::FiscalYearName::Start,
            NamedAfter::End => sent::FiscalYearName::End,
        };
        let week_starts_on = match self.week_starts_on {
            Weekday::Monday => sent::Weekday::Monday,
            Weekday::Tuesday => sent::Weekday::Tuesday,
            Weekday::Wednesday => sent::Weekday::Wednesday,
            Weekday::Thursday => sent::Weekday::Thursday,
            Weekday::Friday => sent::Weekday::Friday,
            Weekday::Saturday => sent::Weekday::Saturday,
            Weekday::Sunday => sent::Weekday::Sunday,
        };
        let first_week = match self.first_week {
            FirstWeek::OnOrBefore => sent::FirstWeek::OnOrBefore,
            FirstWeek::Nearest => sent::FirstWeek::Nearest,
            FirstWeek::OnOrAfter => sent::FirstWeek::OnOrAfter,
        };
        Ok(sent::CalendarDefinition {
            name: self.name,
            pattern: pattern.into(),
            first_month: self.first_month,
            fiscal_year_name: fiscal_year_name.into(),
            week_starts_on: week_starts_on.into(),
            first_week: first_week.into(),
            time_zone: self.time_zone,
            retired: self.retired,
        })
    }
}

verbs! {
    Calendar calendar,
    list: list_calendars ListCalendarsRequest calendars,
    get: get_calendar GetCalendarRequest,
    define: define_calendar DefineCalendarRequest calendar_id,
}

/// Runs a verb of a calendar.
pub async fn run_verb(verb: CalendarVerb, session: &Session) -> anyhow::Result<()> {
    match verb {
        CalendarVerb::Catalog(verb) => run(verb, session).await,
        CalendarVerb::Periods(args) => periods(args, session).await,
    }
}

/// A calendar as JSON shows it.
#[derive(Debug, Serialize)]
pub struct Calendar {
    id: String,
    key: Option<String>,
    name: String,
    pattern: Option<String>,
    first_month: u32,
    year_named_after: Option<String>,
    week_starts_on: Option<String>,
    first_week: Option<String>,
    time_zone: String,
    retired: bool,
    built_in: bool,
    effective_at: Option<String>,
    etag: String,
}

impl From<sent::Calendar> for Calendar {
    fn from(calendar: sent::Calendar) -> Self {
        let definition = calendar.definition.unwrap_or_default();
        let pattern = definition.pattern().as_str_name();
        let named_after = definition.fiscal_year_name().as_str_name();
        let week_starts_on = definition.week_starts_on().as_str_name();
        let first_week = definition.first_week().as_str_name();
        Self {
            id: calendar.id,
            key: given(calendar.key),
            pattern: lower(pattern, "CALENDAR_PATTERN_"),
            first_month: definition.first_month,
            year_named_after: lower(named_after, "FISCAL_YEAR_NAME_"),
            week_starts_on: lower(week_starts_on, "WEEKDAY_"),
            first_week: lower(first_week, "FIRST_WEEK_"),
            name: definition.name,
            time_zone: definition.time_zone,
            retired: definition.retired,
            built_in: calendar.built_in,
            effective_at: calendar.effective_at.as_ref().map(times::show),
            etag: calendar.etag,
        }
    }
}

impl Shown for Calendar {
    const NOUN: &'static str = "calendar";

    fn fields(&self) -> Grid {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        Grid::of_fields([
            ("id", Cell::text(&self.id)),
            ("key", maybe(&self.key)),
            ("name", Cell::text(&self.name)),
            ("pattern", maybe(&self.pattern)),
            ("first_month", Cell::text(self.first_month.to_string())),
            ("year_named_after", maybe(&self.year_named_after)),
            ("week_starts_on", maybe(&self.week_starts_on)),
            ("first_week", maybe(&self.first_week)),
            ("time_zone", Cell::text(&self.time_zone)),
            ("retired", mark(self.retired)),
            ("effective_at", maybe(&self.effective_at)),
            ("etag", Cell::text(&self.etag)),
        ])
    }
}

impl Listed for Calendar {
    const NOUNS: &'static str = "calendars";
    const COLUMNS: &'static [&'static str] =
        &["key", "name", "pattern", "first_month", "time_zone", "retired", "built_in"];

    fn row(&self) -> Vec<Cell> {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        vec![
            maybe(&self.key),
            Cell::text(&self.name),
            maybe(&self.pattern),
            Cell::text(self.first_month.to_string()),
            Cell::text(&self.time_zone),
            mark(self.retired),
            mark(self.built_in),
        ]
    }
}

/// The periods of a year.
#[derive(Debug, Serialize)]
struct Periods {
    #[serde(flatten)]
    standing: Standing,
    calendar: Calendar,
    periods: Vec<Period>,
}

/// A period as JSON shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Period {
    pub key: String,
    pub level: Option<String>,
    pub start_date: Option<String>,
    pub end_date: Option<String>,
    pub start_time: Option<String>,
    pub end_time: Option<String>,
}

impl From<sent::Period> for Period {
    fn from(period: sent::Period) -> Self {
        Self {
            level: lower(period.level().as_str_name(), "PERIOD_LEVEL_"),
            key: period.key,
            start_date: period.start_date.as_ref().map(times::show_day),
            end_date: period.end_date.as_ref().map(times::show_day),
            start_time: period.start_time.as_ref().map(times::show),
            end_time: period.end_time.as_ref().map(times::show),
        }
    }
}

impl Answer for Periods {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.periods)
    }

    fn grid(&self) -> Grid {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        let mut grid = Grid::new(["key", "start_date", "end_date", "start_time", "end_time"]);
        for period in &self.periods {
            grid.push(vec![
                Cell::text(&period.key),
                maybe(&period.start_date),
                maybe(&period.end_date),
                maybe(&period.start_time),
                maybe(&period.end_time),
            ]);
        }
        grid
    }
}

async fn periods(args: PeriodsArgs, session: &Session) -> anyhow::Result<()> {
    let level = args.level.map(|level| constant("PERIOD_LEVEL_", &format!("{level:?}")));
    let level = level.and_then(|name| sent::PeriodLevel::from_str_name(&name));
    let request = sent::ListPeriodsRequest {
        calendar: args.calendar,
        fiscal_year: args.year,
        level: level.unwrap_or_default().into(),
        read_at: Some(args.when.read_at(session)),
    };
    let answer = session.planning().list_periods(session.request(request)).await?.into_inner();
    session.output.answer(&Periods {
        standing: Standing::of(answer.reflected),
        calendar: Calendar::from(answer.calendar.unwrap_or_default()),
        periods: answer.periods.into_iter().map(Period::from).collect(),
    })
}
