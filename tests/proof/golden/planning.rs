//! Facts of calendars, exchange rates, quotas and forecast sheets.

use domain::{
    CalendarId, Currency, Date, Decimal, Fact, ForecastCategory, Money, Reason, UserId, Voided,
    Weekday,
    calendar::{self, FirstWeek, NamedAfter, Pattern, Shape},
    exchange_rate::{self, Purpose},
    forecast::{
        self, Adjusted, AdjustmentWithdrawn, Change, Column, Level, Sheet, Submitted,
        SubmittedAmount, Unlocked,
    },
    quota::{self, Measure},
};

use super::{id, reason, sealed};

/// A fact under each name with everything in it.
pub fn full() -> Vec<Fact> {
    let shape = Shape {
        pattern: Pattern::FourFiveFour,
        first_month: 2,
        named_after: NamedAfter::End,
        week_starts_on: Weekday::Sunday,
        first_week: FirstWeek::OnOrBefore,
    };
    let calendar = calendar::Defined {
        key: "retail".into(),
        name: "Retail".into(),
        shape,
        time_zone: "America/New_York".into(),
        retired: true,
    };
    let rate = exchange_rate::Set {
        from: Currency::from_code("EUR").unwrap(),
        to: Currency::from_code("JPY").unwrap(),
        purpose: Purpose::Plan,
        rate: Decimal { mantissa: 16_234_567_890_123, scale: 11 },
    };
    let quota = quota::Set {
        owner: UserId(id(b'u')),
        calendar: CalendarId(id(b'f')),
        period: "2026-Q4".into(),
        starts: Date(20_727),
        ends: Date(20_819),
        measure: Measure::Revenue,
        amount: usd(123_456_789),
    };
    let planned: [Fact; 5] = [
        calendar::Fact::Defined(calendar).into(),
        exchange_rate::Fact::Set(rate).into(),
        quota::Fact::Set(quota).into(),
        quota::Fact::Withdrawn(quota::Withdrawn { reason: reason() }).into(),
        quota::Fact::Voided(Voided { command_id: id(b'c'), reason: reason() }).into(),
    ];
    planned.into_iter().chain(judged(true).map(Fact::from)).collect()
}

/// The same names without what may be absent.
pub fn bare() -> Vec<Fact> {
    let planned: [Fact; 2] = [
        quota::Fact::Withdrawn(quota::Withdrawn { reason: Reason::default() }).into(),
        quota::Fact::Voided(Voided { command_id: id(b'c'), reason: Reason::default() }).into(),
    ];
    planned.into_iter().chain(judged(false).map(Fact::from)).collect()
}

fn judged(is_full: bool) -> [forecast::Fact; 5] {
    let sheet = Sheet {
        owner: UserId(id(b'u')),
        calendar: CalendarId(id(b'f')),
        period: "2026-Q4".into(),
        starts: Date(20_727),
        ends: Date(20_819),
        currency: Currency::from_code("USD").unwrap(),
    };
    let column = Column { category: ForecastCategory::Commit, cumulative: is_full };
    let amounts = [ForecastCategory::Commit, ForecastCategory::BestCase].map(|category| {
        SubmittedAmount { column: Column { category, ..column }, amount: usd(i64::MAX) }
    });
    let reason = || if is_full { reason() } else { Reason::default() };
    let note = is_full.then(sealed);
    let adjusted = Adjusted {
        sheet: sheet.clone(),
        level: if is_full { Level::Manager } else { Level::Owner },
        by: UserId(id(b'm')),
        column,
        change: if is_full { Change::By } else { Change::To },
        amount: usd(-500),
        expires: is_full.then_some(Date(20_800)),
        note: note.clone(),
    };
    let submitted = Submitted {
        sheet,
        by: UserId(id(b'm')),
        amounts: if is_full { amounts.into() } else { vec![] },
        note,
        seen_revision: if is_full { u64::MAX } else { 0 },
    };
    let level = Level::Manager;
    [
        forecast::Fact::Adjusted(adjusted.into()),
        forecast::Fact::AdjustmentWithdrawn(AdjustmentWithdrawn {
            level,
            column,
            reason: reason(),
        }),
        forecast::Fact::Submitted(submitted.into()),
        forecast::Fact::Unlocked(Unlocked { reason: reason() }),
        forecast::Fact::Voided(Voided { command_id: id(b'c'), reason: reason() }),
    ]
}

fn usd(minor: i64) -> Money {
    Money { minor, currency: Currency::from_code("USD").unwrap() }
}
