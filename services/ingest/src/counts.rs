//! What became of the reports that a process took.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use api::ingest::v1::{ReportAnswer, ReportStatus};
use domain::Kind;

/// Counts answers, from the start of the process on.
#[derive(Debug, Default)]
pub struct Counts {
    applied: AtomicU64,
    already_there: AtomicU64,
    rejected: AtomicU64,
    faults: Mutex<BTreeMap<(Kind, &'static str), u64>>,
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

    /// How many faults came with reports, by the kind of entity and the word of the fault.
    pub fn faults(&self) -> BTreeMap<(Kind, &'static str), u64> {
        // Sums are whole at any time, whoever panicked over them.
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn count_faults(&self, brought: Vec<(Kind, &'static str)>) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        for fault in brought {
            *faults.entry(fault).or_default() += 1;
        }
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
