//! The companies that the deals are with: accounts, some of them below a group, with segments.

use std::collections::BTreeMap;

use api::accounts::v1::CreateAccountRequest;

use super::call::{Call, Chain, Command, instant};
use super::names::slug;
use super::team::HEAD;
use super::world::World;

/// How many companies of one name make a group.
const GROUP_SIZE: usize = 14;

const MINUTE: i64 = 60;

/// The accounts.
#[derive(Debug, Default)]
pub struct Companies {
    /// Groups, which have to be there before what is below them.
    pub groups: Vec<Chain>,
    /// The companies themselves.
    pub accounts: Vec<Chain>,
    ids: BTreeMap<String, String>,
}

impl Companies {
    /// The account of a company.
    pub fn id(&self, company: &str) -> String {
        self.ids.get(company).cloned().unwrap_or_default()
    }
}

/// What makes a company big.
#[derive(Default)]
struct Dealings {
    first: i64,
    owner: String,
    amount: i64,
}

/// Takes up every company shortly before the first deal with it.
pub fn companies(world: &World<'_>) -> Companies {
    let mut chance = world.chance(1);
    let mut dealings: BTreeMap<&str, Dealings> = BTreeMap::new();
    for course in world.courses {
        let Some(stand) = course.before(course.opened + 1) else { continue };
        let known = dealings.entry(course.company).or_insert_with(|| Dealings {
            first: course.opened,
            owner: stand.owner.clone(),
            amount: 0,
        });
        known.amount += stand.amount;
    }
    let mut members: BTreeMap<&str, usize> = BTreeMap::new();
    for company in dealings.keys() {
        *members.entry(place(company)).or_default() += 1;
    }
    let mut told = Companies::default();
    let mut groups: BTreeMap<&str, String> = BTreeMap::new();
    for (place, count) in members {
        if count < GROUP_SIZE {
            continue;
        }
        let (id, at, name) = (chance.id(), world.start() + MINUTE, format!("{place} Group"));
        groups.insert(place, id.clone());
        let request = CreateAccountRequest {
            account_id: id,
            request_id: chance.id(),
            occurred_at: instant(at),
            domain: format!("{}.example", slug(&name, "-")),
            name,
            segment: "enterprise".to_owned(),
            key_account: true,
            owner: HEAD.to_owned(),
            ..Default::default()
        };
        told.groups.push(vec![Call::new(HEAD, at, Command::CreateAccount(request))]);
    }
    for (company, dealings) in dealings {
        let (id, at) = (chance.id(), dealings.first - 90 * MINUTE);
        told.ids.insert(company.to_owned(), id.clone());
        let request = CreateAccountRequest {
            account_id: id,
            request_id: chance.id(),
            occurred_at: instant(at),
            name: company.to_owned(),
            domain: format!("{}.example", slug(company, "-")),
            parent_account_id: groups.get(place(company)).cloned().unwrap_or_default(),
            segment: segment(dealings.amount).to_owned(),
            key_account: dealings.amount > 400_000,
            owner: dealings.owner.clone(),
            ..Default::default()
        };
        let call = Call::new(&dealings.owner, at, Command::CreateAccount(request));
        told.accounts.push(vec![call]);
    }
    told
}

/// The name that companies of one group share.
fn place(company: &str) -> &str {
    company.split_once(' ').map_or(company, |(place, _)| place)
}

fn segment(amount: i64) -> &'static str {
    match amount {
        ..60_000 => "small",
        60_000..250_000 => "mid_market",
        _ => "enterprise",
    }
}
