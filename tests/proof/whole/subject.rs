//! What the story tells of, and the few words that tell how it stands. All doors use the same words.

/// The quarter of the deal.
pub const QUARTER: &str = "2026-Q1";
/// The day for which a contract is told: all that was agreed is in force by then.
pub const DAY: &str = "2026-12-31";
/// What is told of something that is not there.
pub const NOTHING: &str = "nothing";
/// What is told of a name that nobody can read any more.
pub const ERASED: &str = "(erased)";

/// Something that is told at different instants.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Where a lead stands.
    Lead(String),
    /// What belongs to an account.
    Account(String),
    /// What a contact is called.
    Contact(String),
    /// Where a deal stands, and what it promises.
    Deal(String),
    /// What is paid, or that nothing is.
    Contract(String),
    /// How many meetings ann had in the year.
    Meetings,
    /// What mia's team will bring in the quarter.
    Forecast,
}

/// A lead: its status, the others that it seemed to be the same as, and those it took in.
pub fn lead(status: &str, duplicates: usize, absorbed: usize) -> String {
    let mut words = status.to_owned();
    if duplicates > 0 {
        words += &format!(", like {duplicates} other");
    }
    if absorbed > 0 {
        words += &format!(", in place of {absorbed}");
    }
    words
}

/// An account: how much belongs to it.
pub fn account(contacts: u64, deals: u64, contracts: u64) -> String {
    format!("contacts {contacts}, open deals {deals}, contracts {contracts}")
}

/// A deal: its outcome and stage, category, whole dollars, close date and pushes.
pub fn deal(
    place: (&str, &str),
    category: &str,
    dollars: i64,
    closes: &str,
    pushes: u64,
) -> String {
    let (outcome, stage) = place;
    format!("{outcome} in {stage}, {category}, {dollars} by {closes}, pushed {pushes}")
}

/// Meetings: how many there were, and how often one was logged again.
pub fn meetings(took_place: u64, again: u64) -> String {
    format!("{took_place} took place, {again} logged again")
}

/// A contract: whole dollars and how often they are paid.
pub fn contract(paid: Option<(i64, &str)>, churned: bool) -> String {
    match paid {
        _ if churned => "churned".to_owned(),
        Some((dollars, interval)) => format!("{dollars} {interval}"),
        None => "unpaid".to_owned(),
    }
}

/// A forecast: whole dollars of commit and of closed, and whether the sheet is locked.
pub fn forecast(commit: i64, closed: i64, locked: bool) -> String {
    let lock = if locked { ", locked" } else { "" };
    format!("commit {commit}, closed {closed}{lock}")
}
