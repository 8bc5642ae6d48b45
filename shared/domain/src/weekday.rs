//! Days of the week, and which of them a date falls on.

use crate::Date;

words! {
    /// A day of the week. Stored as its word, never as a number.
    Weekday, "weekday";
    /// The first day of an ISO 8601 week.
    Monday = "monday",
    /// The second.
    Tuesday = "tuesday",
    /// The third.
    Wednesday = "wednesday",
    /// The fourth.
    Thursday = "thursday",
    /// The fifth.
    Friday = "friday",
    /// The sixth.
    Saturday = "saturday",
    /// The last day of an ISO 8601 week.
    Sunday = "sunday",
}

impl Weekday {
    /// The weekday of a date.
    pub fn of(date: Date) -> Weekday {
        // 1970-01-01 was a Thursday.
        let days = (i64::from(date.0) + 3).rem_euclid(7);
        Weekday::ALL[days as usize]
    }

    /// How many days after `earlier` this weekday comes next: 0 to 6.
    pub fn days_after(self, earlier: Weekday) -> i32 {
        (self as i32 - earlier as i32).rem_euclid(7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_falls_on_its_weekday() {
        for (day, expected) in [
            (0, Weekday::Thursday),
            (-1, Weekday::Wednesday),
            (4, Weekday::Monday),
            (20_454, Weekday::Thursday),
        ] {
            assert_eq!(Weekday::of(Date(day)), expected, "day {day}");
        }
    }

    #[test]
    fn weekdays_follow_one_another() {
        assert_eq!(Weekday::Monday.days_after(Weekday::Sunday), 1);
        assert_eq!(Weekday::Sunday.days_after(Weekday::Monday), 6);
        assert_eq!(Weekday::Friday.days_after(Weekday::Friday), 0);
    }
}
