//! The hierarchy: who reports to whom at a point of the two axes, as a forest in a fixed order.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Known, UserId, catalog::Catalog};

/// Who reports to whom. Nodes stand in pre-order: a manager before everybody below, equals by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hierarchy {
    nodes: Vec<Node>,
    places: BTreeMap<UserId, usize>,
    faults: Vec<HierarchyFault>,
}

/// A user in the hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Who.
    pub user: UserId,
    /// The place of the manager; `None` at the top.
    pub manager: Option<usize>,
    /// How many managers are above.
    pub depth: u32,
    /// No longer works here.
    pub retired: bool,
    /// The place after the last of everybody below.
    end: usize,
}

/// A manager that was named but cannot be one: the user stands at the top instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HierarchyFault {
    /// `MANAGER_UNKNOWN` or `MANAGER_CYCLE`.
    pub kind: &'static str,
    /// Whose manager it is.
    pub user: UserId,
    /// Who was named.
    pub manager: UserId,
}

/// What is said of a user.
#[derive(Clone, Copy)]
struct Said {
    manager: Option<UserId>,
    retired: bool,
}

impl Hierarchy {
    /// The hierarchy of the users who are defined at a point of the two axes, retired ones too.
    pub fn of(catalog: &Catalog, at: Known) -> Hierarchy {
        let users = catalog.users(at);
        Hierarchy::build(users.map(|(user, defined)| {
            (user, Said { manager: defined.manager, retired: defined.retired })
        }))
    }

    /// The hierarchy of users and their managers; of a user who stands twice the last pair counts.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (UserId, Option<UserId>)>) -> Hierarchy {
        let said = |(user, manager)| (user, Said { manager, retired: false });
        Hierarchy::build(pairs.into_iter().map(said))
    }

    /// The same hierarchy with users at its top whom nobody defined, because they own something.
    pub fn with(&self, owners: impl IntoIterator<Item = UserId>) -> Hierarchy {
        let unknown = owners.into_iter().filter(|owner| self.place(*owner).is_none());
        let unknown: BTreeSet<UserId> = unknown.collect();
        if unknown.is_empty() {
            return self.clone();
        }
        let known = self.nodes.iter().map(|node| {
            let manager = node.manager.map(|manager| self.nodes[manager].user);
            (node.user, Said { manager, retired: node.retired })
        });
        let unknown =
            unknown.into_iter().map(|user| (user, Said { manager: None, retired: false }));
        let mut with = Hierarchy::build(known.chain(unknown));
        with.faults.clone_from(&self.faults);
        with
    }

    fn build(said: impl IntoIterator<Item = (UserId, Said)>) -> Hierarchy {
        let mut said: BTreeMap<UserId, Said> = said.into_iter().collect();
        let mut faults = drop_unknown_managers(&mut said);
        faults.extend(break_cycles(&mut said));
        faults.sort_unstable();
        let mut below: BTreeMap<Option<UserId>, Vec<UserId>> = BTreeMap::new();
        for (user, said) in &said {
            below.entry(said.manager).or_default().push(*user);
        }
        let mut hierarchy = Hierarchy { faults, ..Hierarchy::default() };
        let mut waiting: Vec<UserId> = below.remove(&None).unwrap_or_default();
        waiting.reverse();
        while let Some(user) = waiting.pop() {
            hierarchy.push(user, said[&user]);
            waiting.extend(below.remove(&Some(user)).unwrap_or_default().into_iter().rev());
        }
        // Everybody below stands behind: from the last to the first, each manager ends with them.
        for place in (0..hierarchy.nodes.len()).rev() {
            let end = hierarchy.nodes[place].end;
            if let Some(manager) = hierarchy.nodes[place].manager {
                let manager = &mut hierarchy.nodes[manager];
                manager.end = manager.end.max(end);
            }
        }
        hierarchy
    }

    fn push(&mut self, user: UserId, said: Said) {
        let manager = said.manager.and_then(|manager| self.place(manager));
        let depth = manager.map_or(0, |manager| self.nodes[manager].depth + 1);
        let place = self.nodes.len();
        self.places.insert(user, place);
        self.nodes.push(Node { user, manager, depth, retired: said.retired, end: place + 1 });
    }

    /// Everybody, managers before those below.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Managers who were named but cannot be ones.
    pub fn faults(&self) -> &[HierarchyFault] {
        &self.faults
    }

    /// Where somebody stands among the nodes.
    pub fn place(&self, user: UserId) -> Option<usize> {
        self.places.get(&user).copied()
    }

    /// Whom somebody reports to.
    pub fn manager(&self, user: UserId) -> Option<UserId> {
        let manager = self.nodes[self.place(user)?].manager?;
        Some(self.nodes[manager].user)
    }

    /// Those who report to somebody; for `None` those at the top.
    pub fn children(&self, user: Option<UserId>) -> impl Iterator<Item = UserId> {
        let manager = user.and_then(|user| self.place(user));
        let (first, end) = match (user, manager) {
            (None, _) => (0, self.nodes.len()),
            (Some(_), Some(place)) => (place + 1, self.nodes[place].end),
            (Some(_), None) => (0, 0),
        };
        let next = move |place: &usize| Some(self.nodes[*place].end).filter(|next| *next < end);
        let first = Some(first).filter(|first| *first < end);
        std::iter::successors(first, next).map(|place| self.nodes[place].user)
    }

    /// Somebody's manager, the manager's manager and so on to the top.
    pub fn ancestors(&self, user: UserId) -> impl Iterator<Item = UserId> {
        std::iter::successors(self.manager(user), |manager| self.manager(*manager))
    }

    /// Somebody and everybody below.
    pub fn team(&self, user: UserId) -> &[Node] {
        self.place(user).map_or(&[], |place| &self.nodes[place..self.nodes[place].end])
    }

    /// Whether a user's deals are in the scope of a node: of themselves or of anybody above. Without
    /// a node the scope is the whole company, deals of nobody included. Somebody whom nobody defined
    /// is in their own scope.
    pub fn is_in_scope(&self, owner: Option<UserId>, node: Option<UserId>) -> bool {
        let (Some(node), Some(owner)) = (node, owner) else { return node.is_none() };
        match (self.place(node), self.place(owner)) {
            (Some(node), Some(owner)) => (node..self.nodes[node].end).contains(&owner),
            _ => node == owner,
        }
    }
}

fn drop_unknown_managers(said: &mut BTreeMap<UserId, Said>) -> Vec<HierarchyFault> {
    let known: BTreeSet<UserId> = said.keys().copied().collect();
    let mut faults = Vec::new();
    for (user, said) in said {
        if let Some(manager) = said.manager.filter(|manager| !known.contains(manager)) {
            faults.push(HierarchyFault { kind: "MANAGER_UNKNOWN", user: *user, manager });
            said.manager = None;
        }
    }
    faults
}

/// Of each cycle the user with the lowest id stands at the top, so that the order in which users
/// are met makes no difference.
fn break_cycles(said: &mut BTreeMap<UserId, Said>) -> Vec<HierarchyFault> {
    let mut faults = Vec::new();
    let mut done: BTreeSet<UserId> = BTreeSet::new();
    for start in said.keys().copied().collect::<Vec<_>>() {
        let mut path = Vec::new();
        let mut met: BTreeMap<UserId, usize> = BTreeMap::new();
        let mut at = Some(start).filter(|user| !done.contains(user));
        while let Some(user) = at {
            if let Some(first) = met.get(&user) {
                let lowest = path[*first..].iter().copied().min();
                faults.extend(lowest.and_then(|user| cut(said, user)));
                break;
            }
            met.insert(user, path.len());
            path.push(user);
            at = said[&user].manager.filter(|manager| !done.contains(manager));
        }
        done.extend(path);
    }
    faults
}

fn cut(said: &mut BTreeMap<UserId, Said>, user: UserId) -> Option<HierarchyFault> {
    let manager = said.get_mut(&user)?.manager.take()?;
    Some(HierarchyFault { kind: "MANAGER_CYCLE", user, manager })
}

#[cfg(test)]
mod tests;
