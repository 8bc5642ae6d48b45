//! Hierarchies as rows, and against climbing one manager at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::{collection::vec, option, prelude::*, prop_assert, prop_assert_eq, proptest};

use super::{Hierarchy, HierarchyFault};
use crate::{
    Instant, Kind, Known, PersonId, UserId,
    catalog::Catalog,
    testing::{entry, id, sealed, timeline},
    user,
};

fn ada(number: u128) -> UserId {
    UserId(id(number))
}

fn of(pairs: &[(u128, Option<u128>)]) -> Hierarchy {
    Hierarchy::from_pairs(pairs.iter().map(|(user, manager)| (ada(*user), manager.map(ada))))
}

fn order(hierarchy: &Hierarchy) -> Vec<u128> {
    hierarchy.nodes().iter().map(|node| node.user.0.as_u128()).collect()
}

#[test]
fn managers_stand_before_those_below_and_equals_by_id() {
    let hierarchy =
        of(&[(5, Some(2)), (3, Some(1)), (4, Some(2)), (2, Some(1)), (1, None), (9, None)]);
    assert_eq!(order(&hierarchy), [1, 2, 4, 5, 3, 9]);
    let depths: Vec<u32> = hierarchy.nodes().iter().map(|node| node.depth).collect();
    assert_eq!(depths, [0, 1, 2, 2, 1, 0]);
    assert!(hierarchy.children(None).eq([1, 9].map(ada)));
    assert!(hierarchy.children(Some(ada(1))).eq([2, 3].map(ada)));
    assert!(hierarchy.children(Some(ada(2))).eq([4, 5].map(ada)));
    assert_eq!(hierarchy.children(Some(ada(9))).count(), 0);
    assert_eq!(hierarchy.children(Some(ada(77))).count(), 0);
    assert!(hierarchy.ancestors(ada(5)).eq([2, 1].map(ada)));
    assert_eq!(hierarchy.team(ada(2)).len(), 3);
    assert_eq!(hierarchy.manager(ada(1)), None);
    assert_eq!(hierarchy.faults(), []);
}

#[test]
fn a_scope_is_a_node_with_everybody_below() {
    let hierarchy = of(&[(1, None), (2, Some(1)), (3, Some(2)), (4, Some(1))]);
    for (owner, node, expected) in [
        (Some(3), Some(1), true),
        (Some(3), Some(2), true),
        (Some(3), Some(3), true),
        (Some(3), Some(4), false),
        (Some(1), Some(3), false),
        (Some(3), None, true),
        (None, None, true),
        (None, Some(1), false),
        (Some(77), None, true),
        (Some(77), Some(77), true),
        (Some(77), Some(1), false),
        (Some(1), Some(77), false),
    ] {
        let found = hierarchy.is_in_scope(owner.map(ada), node.map(ada));
        assert_eq!(found, expected, "{owner:?} in {node:?}");
    }
}

#[test]
fn who_has_no_manager_that_can_be_one_stands_at_the_top() {
    let fault =
        |kind, user, manager| HierarchyFault { kind, user: ada(user), manager: ada(manager) };
    for (pairs, roots, fault) in [
        (vec![(1, Some(77))], vec![1], fault("MANAGER_UNKNOWN", 1, 77)),
        (vec![(1, Some(1))], vec![1], fault("MANAGER_CYCLE", 1, 1)),
        (vec![(3, Some(2)), (2, Some(3)), (1, Some(3))], vec![2], fault("MANAGER_CYCLE", 2, 3)),
        (vec![(2, Some(4)), (4, Some(3)), (3, Some(2))], vec![2], fault("MANAGER_CYCLE", 2, 4)),
    ] {
        let hierarchy = of(&pairs);
        assert!(hierarchy.children(None).eq(roots.into_iter().map(ada)));
        assert_eq!(hierarchy.faults(), [fault]);
        assert_eq!(hierarchy.nodes().len(), pairs.len());
    }
}

#[test]
fn owners_whom_nobody_defined_stand_at_the_top() {
    let hierarchy = of(&[(2, Some(77)), (3, Some(2))]);
    let with = hierarchy.with([1, 3, 9, 9].map(ada));
    assert_eq!(order(&with), [1, 2, 3, 9]);
    assert_eq!(with.faults(), hierarchy.faults(), "what was wrong is still said");
    assert_eq!(hierarchy.with([ada(2)]), hierarchy);
}

#[test]
fn the_hierarchy_of_a_catalog_is_that_of_its_instant() {
    let defined = |manager: Option<u128>, retired| {
        user::Fact::Defined(
            user::Defined {
                person: PersonId(id(5)),
                key: sealed(b"ada"),
                name: None,
                manager: manager.map(ada),
                office: String::new(),
                role: String::new(),
                retired,
            }
            .into(),
        )
    };
    let mut catalog = Catalog::default();
    let first = entry(1, 1, defined(None, false));
    catalog.put(Kind::User, id(1), Arc::new(timeline([first])));
    let second = [entry(1, 2, defined(None, false)), entry(10, 3, defined(Some(1), true))];
    catalog.put(Kind::User, id(2), Arc::new(timeline(second)));
    let at = |as_of, known_at| Known { as_of: Instant(as_of), known_at };
    for (known, manager, retired) in
        [(at(5, 9), None, false), (at(11, 9), Some(1), true), (at(11, 2), None, false)]
    {
        let hierarchy = Hierarchy::of(&catalog, known);
        assert_eq!(hierarchy.manager(ada(2)), manager.map(ada));
        assert_eq!(hierarchy.nodes()[1].retired, retired);
    }
    assert_eq!(Hierarchy::of(&catalog, at(11, 1)).nodes().len(), 1);
}

fn any_pairs() -> impl Strategy<Value = Vec<(u128, Option<u128>)>> {
    vec((1..12_u128, option::weighted(0.8, 1..14_u128)), 0..16)
}

proptest! {
    #[test]
    fn any_pairs_make_a_forest_whatever_their_order(
        (pairs, shuffled) in any_pairs().prop_flat_map(|pairs| {
            let mut once = pairs;
            once.sort_unstable();
            once.dedup_by_key(|(user, _)| *user);
            (Just(once.clone()), Just(once).prop_shuffle())
        }),
    ) {
        let hierarchy = of(&pairs);
        prop_assert_eq!(&hierarchy, &of(&shuffled));
        let users: BTreeSet<u128> = pairs.iter().map(|(user, _)| *user).collect();
        prop_assert_eq!(order(&hierarchy).into_iter().collect::<BTreeSet<_>>(), users);
        prop_assert_eq!(hierarchy.nodes().len(), pairs.len());
        for (user, said) in pairs {
            let manager = hierarchy.manager(ada(user));
            let fault = hierarchy.faults().iter().any(|fault| fault.user == ada(user));
            prop_assert_eq!(fault, manager != said.map(ada));
            prop_assert!(!fault || manager.is_none());
        }
    }

    #[test]
    fn scopes_teams_and_children_are_what_climbing_finds(pairs in any_pairs()) {
        let hierarchy = of(&pairs);
        for node in hierarchy.nodes() {
            let mut above = vec![node.user];
            above.extend(hierarchy.ancestors(node.user));
            prop_assert_eq!(above.len(), node.depth as usize + 1);
            for other in hierarchy.nodes() {
                let is_above = above.contains(&other.user);
                prop_assert_eq!(hierarchy.is_in_scope(Some(node.user), Some(other.user)), is_above);
                let in_team = hierarchy.team(other.user).iter().any(|it| it.user == node.user);
                prop_assert_eq!(in_team, is_above);
                let is_child = hierarchy.children(Some(other.user)).any(|it| it == node.user);
                prop_assert_eq!(is_child, hierarchy.manager(node.user) == Some(other.user));
            }
        }
    }
}
