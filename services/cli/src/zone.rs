//! The tenant's zone: where a bare date begins.
//!
//! Flags are read before there is a connection. So a line is read as if days began in UTC; when one
//! of its flags is a bare date, the server is asked for the zone, and the line is read once more.

use std::cell::Cell;

use api::planning::v1::ListCalendarsRequest;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::Globals;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::session::Session;

/// Clocks have skipped a whole day, a quarter of an hour being the finest step of any zone.
const QUARTERS_SKIPPED_MAX: i32 = 96;

/// As many calendars as one page holds.
const CALENDARS_MAX: i32 = 1_000;

thread_local! {
    /// The zone in which flags are read just now, and whether one of them was a bare date.
    static READING: Cell<(Tz, bool)> = const { Cell::new((Tz::UTC, false)) };
}

/// Reads a command line, with bare dates in the zone of its tenant.
///
/// # Errors
/// What `parse` says of the words.
pub async fn read<L>(
    parse: impl Fn() -> Result<L, clap::Error>,
    globals: impl Fn(&L) -> &Globals,
) -> Result<anyhow::Result<L>, clap::Error> {
    let (line, has_days) = within(Tz::UTC, &parse);
    let line = line?;
    if !has_days {
        return Ok(Ok(line));
    }
    let zone = match asked(globals(&line)).await {
        Ok(zone) => zone,
        // The command will not reach the server either, and says so in its own way.
        Err(error) if is_unreachable(&error) => Tz::UTC,
        Err(error) => {
            let context = "cannot ask for the zone that bare dates are in; write instants such as \
                           2017-07-01T00:00:00Z instead";
            return Ok(Err(error.context(context)));
        }
    };
    if zone == Tz::UTC { Ok(Ok(line)) } else { within(zone, &parse).0.map(Ok) }
}

fn is_unreachable(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<Failure>(), Some(Failure::Unreachable { .. }))
}

async fn asked(globals: &Globals) -> anyhow::Result<Tz> {
    let output = Output::standard(Format::Json, true);
    of(&Session::connect(globals, output).await?).await
}

/// Reads with days in a zone; says whether there were any.
fn within<L>(zone: Tz, parse: impl Fn() -> L) -> (L, bool) {
    READING.set((zone, false));
    let line = parse();
    (line, READING.replace((Tz::UTC, false)).1)
}

/// The start of a day in the zone in which flags are read just now.
pub fn start_of_flag(day: NaiveDate) -> Option<DateTime<Utc>> {
    let (zone, _) = READING.get();
    READING.set((zone, true));
    start_of(day, zone)
}

/// The first instant of a day in a zone: where clocks skip midnight, the first one after it.
pub fn start_of(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    (0..=QUARTERS_SKIPPED_MAX).find_map(|quarters| {
        let time = midnight + TimeDelta::minutes(15 * i64::from(quarters));
        zone.from_local_datetime(&time).earliest().map(|time| time.to_utc())
    })
}

/// The tenant's zone: that of its fiscal calendars, retired ones aside; UTC while there is none, or
/// when they are of several zones.
///
/// # Errors
/// What the server says, and a zone that only another version of this program knows.
pub async fn of(session: &Session) -> anyhow::Result<Tz> {
    let request = ListCalendarsRequest { page_size: CALENDARS_MAX, ..Default::default() };
    let answer = session.planning().list_calendars(session.request(request)).await?.into_inner();
    let definitions = answer.calendars.into_iter().filter_map(|calendar| calendar.definition);
    let mut zones: Vec<String> =
        definitions.filter(|it| !it.retired).map(|it| it.time_zone).collect();
    zones.sort_unstable();
    zones.dedup();
    match &zones[..] {
        [only] => only.parse().map_err(|_| {
            let message = format!("the tenant's zone {only:?} is unknown here; update revops");
            Failure::usage(message).into()
        }),
        _ => Ok(Tz::UTC),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use tokio::net::TcpListener;
    use tokio_stream::wrappers::TcpListenerStream;
    use tonic::service::Routes;
    use tonic::transport::Server;

    use super::*;
    use crate::when::When;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        globals: Globals,
        #[command(flatten)]
        when: When,
    }

    /// A process of one service has no calendars, but the log that it shares may well have some.
    #[tokio::test]
    async fn a_bare_date_is_refused_where_nobody_knows_the_zone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Server::builder().add_routes(Routes::default());
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        let line = |as_of: &'static str| {
            let words = ["revops", "--server", &address, "--as-of", as_of].map(str::to_owned);
            read(move || Line::try_parse_from(&words), |line| &line.globals)
        };
        let refused = line("2026-01-01").await.unwrap().unwrap_err();
        assert!(format!("{refused:#}").contains("write instants such as"), "{refused:#}");
        let taken = line("2026-01-01T00:00:00Z").await.unwrap().unwrap();
        assert!(taken.when.as_of.is_some());
    }

    fn start(day: &str, zone: &str) -> String {
        start_of(day.parse().unwrap(), zone.parse().unwrap()).unwrap().to_rfc3339()
    }

    #[test]
    fn days_begin_where_the_zone_says() {
        for (day, zone, expected) in [
            ("2026-01-01", "UTC", "2026-01-01T00:00:00+00:00"),
            ("2026-01-01", "Europe/Berlin", "2025-12-31T23:00:00+00:00"),
            ("2026-07-01", "Europe/Berlin", "2026-06-30T22:00:00+00:00"),
            ("2026-07-01", "America/New_York", "2026-07-01T04:00:00+00:00"),
            // Clocks skipped midnight, and a whole day.
            ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00+00:00"),
            ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00+00:00"),
            // The hour before midnight came twice.
            ("2018-02-18", "America/Sao_Paulo", "2018-02-18T03:00:00+00:00"),
        ] {
            assert_eq!(start(day, zone), expected, "{day} {zone}");
        }
    }

    #[test]
    fn a_line_is_read_in_one_zone_and_leaves_none_behind() {
        let day = "2026-01-01".parse().unwrap();
        let berlin: Tz = "Europe/Berlin".parse().unwrap();
        let (read, has_days) = within(berlin, || start_of_flag(day));
        assert_eq!((read, has_days), (start_of(day, berlin), true));
        let (read, has_days) = within(berlin, || 7);
        assert_eq!((read, has_days), (7, false));
        assert_eq!(start_of_flag(day), start_of(day, Tz::UTC));
    }
}
