//! The ledger against a plain filter over all changes, in every order of arrival, kept or not.

#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type Given = (i64, u64, u8, i32, i64);

fn brute(changes: &[Given], as_of: i64, known_at: u64) -> BTreeMap<u8, Sum> {
    let mut sums = BTreeMap::<u8, Sum>::new();
    for (at, position, leaf, count, amount) in changes {
        if (*at < as_of || as_of == i64::MAX) && *position <= known_at {
            let sum = sums.entry(*leaf).or_default();
            sum.count += i64::from(*count);
            sum.amount += i128::from(*amount);
        }
    }
    sums.retain(|_, sum| *sum != Sum::default());
    sums
}

fn answer(ledger: &Ledger<u8>, as_of: i64, known_at: u64) -> BTreeMap<u8, Sum> {
    ledger.sums(as_of, known_at).map(|(leaf, sum)| (*leaf, sum)).collect()
}

fn insert_all(ledger: &mut Ledger<u8>, changes: &[Given]) {
    for (at, position, leaf, count, amount) in changes {
        ledger.insert(*at, *position, leaf, *count, i128::from(*amount));
    }
}

/// Loads changes in an order that is not theirs.
fn load_all(ledger: &mut Ledger<u8>, changes: &[Given]) {
    for (at, position, leaf, count, amount) in changes.iter().rev() {
        ledger.load(*at, *position, leaf, *count, i128::from(*amount));
    }
}

/// When and where the changes of the first run happened.
fn first_run(ledger: &Ledger<u8>) -> Vec<(i64, u64)> {
    let changes = ledger.runs[0].changes.iter();
    changes.map(|change| (change.occurred_at, change.position)).collect()
}

/// A ledger that was kept and read again.
fn kept(ledger: &Ledger<u8>) -> Ledger<u8> {
    postcard::from_bytes(&postcard::to_stdvec(ledger).unwrap()).unwrap()
}

/// A number that looks like chance and is the same in every run.
fn scatter(seed: u64) -> u64 {
    let mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Many changes, of which this share of a thousand happened long before they arrived.
fn history(many: u64, late_permille: u64) -> Vec<Given> {
    (1..=many)
        .map(|position| {
            let chance = scatter(position);
            let late = chance % 1000 < late_permille;
            let at = if late { scatter(chance) % (10 * position) } else { 10 * position };
            let jitter = chance % 700;
            let leaf = (chance >> 20) % 200;
            (at as i64 + jitter as i64, position, leaf as u8, 1, (chance >> 40) as i64 - 1_000)
        })
        .collect()
}

fn agrees(changes: &[Given]) {
    let (mut live, mut loaded) = (Ledger::default(), Ledger::default());
    insert_all(&mut live, changes);
    load_all(&mut loaded, changes);
    let many = changes.len() as u64;
    let ask = |ledger: &Ledger<u8>| {
        for seed in 0..40 {
            let as_of = match seed % 4 {
                0 => i64::MAX,
                _ => (scatter(seed) % (11 * many)) as i64,
            };
            let known_at = if seed % 3 == 0 { u64::MAX } else { scatter(seed + 7) % (many + 2) };
            let expected = brute(changes, as_of, known_at);
            assert_eq!(answer(ledger, as_of, known_at), expected, "{as_of} {known_at}");
        }
    };
    ask(&live);
    ask(&kept(&live));
    ask(&loaded);
    ask(&kept(&loaded));
    loaded.settle();
    // What was loaded lies as it would if it had arrived change by change.
    assert_eq!(first_run(&loaded), first_run(&live));
    ask(&loaded);
    ask(&kept(&loaded));
    assert_eq!(live.len(), changes.len());
    let mut half = Ledger::default();
    insert_all(&mut half, &changes[..changes.len() / 2]);
    let mut went_on = kept(&half);
    insert_all(&mut went_on, &changes[changes.len() / 2..]);
    ask(&went_on);
    let (first, rest) = changes.split_at(changes.len() / 2);
    let mut then_loaded = half;
    load_all(&mut then_loaded, rest);
    then_loaded.settle();
    ask(&then_loaded);
    let mut then_inserted = Ledger::default();
    load_all(&mut then_inserted, first);
    then_inserted.settle();
    insert_all(&mut then_inserted, rest);
    ask(&then_inserted);
}

#[test]
fn in_order_late_and_shuffled_histories_are_summed_exactly() {
    for late_permille in [0, 10, 300, 1000] {
        agrees(&history(150_000, late_permille));
    }
}

#[test]
fn many_runs_are_merged_and_stay_exact() {
    let many = (RUNS_MAX as u64 + 5) * LATE_MAX as u64;
    let changes = history(many, 1000);
    let mut ledger = Ledger::default();
    insert_all(&mut ledger, &changes);
    assert!(ledger.runs.len() <= RUNS_MAX && ledger.runs.len() > 2);
    for (as_of, known_at) in [(i64::MAX, many / 3), (many as i64, many), (3 * many as i64, 90_000)]
    {
        assert_eq!(answer(&ledger, as_of, known_at), brute(&changes, as_of, known_at));
    }
}

#[test]
fn a_second_history_in_order_goes_on_in_one_run() {
    let mut ledger = Ledger::default();
    let half = 3 * LATE_MAX as i64;
    for position in 0..2 * half {
        ledger.insert(position % half, position as u64, &0_u8, 1, 1);
    }
    assert_eq!(ledger.runs.len(), 2);
    let known = |as_of, known_at| answer(&ledger, as_of, known_at)[&0].count;
    assert_eq!(known(half / 2, 2 * half as u64), half);
    assert_eq!(known(half / 2, half as u64 + 9), half / 2 + 10);
}

#[test]
fn amounts_beyond_64_bits_do_not_overflow() {
    let mut ledger = Ledger::default();
    for position in 0..5 {
        ledger.insert(0, position, &0_u8, 1, i128::from(i64::MAX));
    }
    ledger.insert(1, 9, &0, -1, -i128::from(i64::MIN));
    let expected = 5 * i128::from(i64::MAX) - i128::from(i64::MIN);
    assert_eq!(answer(&ledger, i64::MAX, u64::MAX)[&0], Sum { count: 4, amount: expected });
}

proptest! {
    #[test]
    fn small_histories_at_every_point(
        changes in prop::collection::vec((0..8_i64, 0..8_u64, 0..3_u8, -1..=1_i32, -3..=3_i64), 0..40),
        shuffled in any::<bool>(),
    ) {
        let mut ledger = Ledger::default();
        if shuffled {
            for (at, position, leaf, count, amount) in &changes {
                ledger.load(*at, *position, leaf, *count, i128::from(*amount));
            }
            ledger.settle();
        } else {
            insert_all(&mut ledger, &changes);
        }
        for as_of in (0..9).chain([i64::MAX]) {
            for known_at in (0..9).chain([u64::MAX]) {
                prop_assert_eq!(answer(&ledger, as_of, known_at), brute(&changes, as_of, known_at));
            }
        }
    }
}
