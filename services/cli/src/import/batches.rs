//! Batches of reports, as large as a message may be.

use std::ops::Range;

use api::ingest::v1::Report;
use prost::Message as _;

/// As many reports as a batch may hold.
const BATCH_REPORTS: usize = 1_000;

/// Some room below the 4 MiB of a message.
const BATCH_BYTES: usize = 3 << 20;

/// Cuts reports into batches that fit a message.
#[derive(Debug)]
pub struct Batches<'a> {
    /// All of them.
    pub reports: &'a [&'a Report],
    next: usize,
}

impl<'a> Batches<'a> {
    /// From the first one on.
    pub fn new(reports: &'a [&'a Report]) -> Self {
        Self { reports, next: 0 }
    }
}

impl Iterator for Batches<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.next;
        let mut bytes = 0;
        while self.next < self.reports.len() && self.next - start < BATCH_REPORTS {
            bytes += self.reports[self.next].encoded_len();
            // A report that is too large on its own travels alone, for the server to refuse.
            if bytes > BATCH_BYTES && self.next > start {
                break;
            }
            self.next += 1;
        }
        (self.next > start).then_some(start..self.next)
    }
}
