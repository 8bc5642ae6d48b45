//! Seeded simulation: several processes over one failing log, dying and coming back, on virtual
//! time. `REVOPS_SEED` plays one seed again, `REVOPS_SEEDS` as many as it says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod checks;
mod process;
mod scene;
mod wishes;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use scene::Scene;

/// What every run of the tests plays.
const SEEDS: u64 = 20;

fn seeds() -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    match (number("REVOPS_SEED"), number("REVOPS_SEEDS")) {
        (Some(seed), _) => vec![seed],
        (None, count) => (1..=count.unwrap_or(SEEDS)).collect(),
    }
}

fn play(seed: u64) -> checks::Tally {
    let paused = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    paused.block_on(async {
        let scene = Scene::begin().await;
        scene.play(seed).await;
        checks::all(scene).await
    })
}

#[test]
fn several_processes_agree_whatever_fails() {
    let mut whole = checks::Tally::default();
    for seed in seeds() {
        match catch_unwind(AssertUnwindSafe(|| play(seed))) {
            Ok(tally) => whole.add(&tally),
            Err(panic) => {
                println!("seed {seed} fails; play it again with REVOPS_SEED={seed}");
                resume_unwind(panic);
            }
        }
    }
    println!("{whole:?}");
    // A simulation in which nothing went wrong would prove nothing.
    assert!(whole.recorded > 0 && whole.refused > 0 && whole.crashes > 0 && whole.in_doubt > 0);
}
