//! What everything that is told beside the deals starts from: the team, the deals, the days; and a
//! source of chance for each thing told, so that telling more of one changes no other.

use chrono::NaiveDate;
use cli::import::random::Random;
use uuid::Uuid;

use super::calendar;
use super::course::Course;
use super::team::Team;

/// What there is already.
#[derive(Debug)]
pub struct World<'a> {
    /// The people.
    pub team: &'a Team,
    /// The deals, by opening.
    pub courses: &'a [Course<'a>],
    /// The first day.
    pub first_day: NaiveDate,
    /// The first instant that is not told any more: seconds since 1970.
    pub end: i64,
    /// The seed of everything.
    pub seed: u64,
}

impl World<'_> {
    /// The first instant.
    pub fn start(&self) -> i64 {
        calendar::start_of(self.first_day)
    }

    /// Chance for one thing that is told.
    pub fn chance(&self, thing: u64) -> Chance {
        Chance(Random::new(self.seed.rotate_left(17) ^ thing.wrapping_mul(0x9e37_79b9)))
    }
}

/// Chance, as numbers, choices and ids.
#[derive(Debug)]
pub struct Chance(pub Random);

impl Chance {
    /// Whether something happens that does so often.
    pub fn is_in(&mut self, percent: u64) -> bool {
        self.0.below(100) < percent
    }

    /// A number below a bound.
    pub fn up_to(&mut self, bound: u64) -> i64 {
        i64::try_from(self.0.below(bound)).unwrap_or(0)
    }

    /// An id that nothing else has.
    pub fn id(&mut self) -> String {
        let halves = [self.0.any().to_be_bytes(), self.0.any().to_be_bytes()];
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&halves[0]);
        bytes[8..].copy_from_slice(&halves[1]);
        Uuid::new_v8(bytes).to_string()
    }
}
