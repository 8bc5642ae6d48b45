//! What became of the reports that a process took.

use std::sync::atomic::{AtomicU64, Ordering};

use api::ingest::v1::{ReportAnswer, ReportStatus};

/// Counts answers, from the start of the process on.
#[derive(Debug, Default)]
pub struct Counts {
    applied: AtomicU64,
    already_there: AtomicU64,
    rejected: AtomicU64,
}

impl Counts {
    /// How many reports came to what, by its name.
    pub fn told(&self) -> [(&'static str, u64); 3] {
        let told = |count: &AtomicU64| count.load(Ordering::Relaxed);
        [
            ("applied", told(&self.applied)),
            ("already_there", told(&self.already_there)),
            ("rejected", told(&self.rejected)),
        ]
    }

    pub(crate) fn count(&self, answers: &[ReportAnswer]) {
        for answer in answers {
            let count = match answer.status() {
                ReportStatus::Applied => &self.applied,
                ReportStatus::AlreadyThere => &self.already_there,
                ReportStatus::Rejected => &self.rejected,
                ReportStatus::Unspecified => continue,
            };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}
