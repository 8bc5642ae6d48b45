//! Invented names of people and companies.

use cli::import::random::Random;

const FIRST: [&str; 24] = [
    "Maya", "Jonas", "Priya", "Tomas", "Elena", "Marcus", "Sofia", "Daniel", "Aisha", "Lukas",
    "Nadia", "Oliver", "Ines", "Victor", "Hannah", "Rafael", "Keiko", "Samuel", "Greta", "Omar",
    "Clara", "Felix", "Leila", "Anton",
];

const LAST: [&str; 24] = [
    "Lindqvist",
    "Okafor",
    "Marchetti",
    "Novak",
    "Brennan",
    "Castellan",
    "Haverford",
    "Ibsen",
    "Jansky",
    "Kowal",
    "Lemaire",
    "Moreau",
    "Nakata",
    "Ostrow",
    "Pereira",
    "Quill",
    "Rosenthal",
    "Sandoval",
    "Tanaka",
    "Ulrich",
    "Vance",
    "Westbrook",
    "Yilmaz",
    "Zeller",
];

const PLACES: [&str; 40] = [
    "Alderbrook",
    "Ashgrove",
    "Bellhaven",
    "Birchfield",
    "Blackmere",
    "Brightwater",
    "Calderon",
    "Cedarline",
    "Cliffside",
    "Copperhill",
    "Dunmore",
    "Eastwick",
    "Elmstead",
    "Fairhollow",
    "Fernbank",
    "Glenrock",
    "Greyharbor",
    "Halcyon",
    "Hawksmoor",
    "Highmeadow",
    "Ironbridge",
    "Juniper",
    "Kestrel",
    "Larkfield",
    "Lindenwood",
    "Maplecrest",
    "Marlowe",
    "Northgate",
    "Oakhurst",
    "Pinecone",
    "Quarry",
    "Redfern",
    "Silverlake",
    "Stonebridge",
    "Thornton",
    "Umberland",
    "Vantage",
    "Westmark",
    "Willowby",
    "Yarrow",
];

const TRADES: [&str; 20] = [
    "Analytics",
    "Biotech",
    "Cargo",
    "Clinics",
    "Components",
    "Energy",
    "Foods",
    "Freight",
    "Hotels",
    "Insurance",
    "Labs",
    "Logistics",
    "Media",
    "Motors",
    "Optics",
    "Paper",
    "Retail",
    "Robotics",
    "Textiles",
    "Utilities",
];

/// One of several things.
pub fn one_of<T: Copy>(random: &mut Random, things: &[T]) -> T {
    let count = u64::try_from(things.len()).unwrap_or(1);
    things[usize::try_from(random.below(count)).unwrap_or(0)]
}

/// Twenty-four people, none named like another.
pub fn people(random: &mut Random) -> Vec<String> {
    let (mut first, mut last) = (FIRST, LAST);
    random.shuffle(&mut first);
    random.shuffle(&mut last);
    first.iter().zip(last).map(|(first, last)| format!("{first} {last}")).collect()
}

/// A company.
pub fn company(random: &mut Random) -> String {
    format!("{} {}", one_of(random, &PLACES), one_of(random, &TRADES))
}

/// Somebody at a company.
pub fn person(random: &mut Random) -> String {
    format!("{} {}", one_of(random, &FIRST), one_of(random, &LAST))
}

/// A name as it stands in addresses.
pub fn slug(name: &str, between: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(between)
}

/// The address of a person at a company.
pub fn email(person: &str, company: &str) -> String {
    format!("{}@{}.example", slug(person, "."), slug(company, "-"))
}

/// The digits of a number that nobody has.
pub fn phone(random: &mut Random) -> String {
    format!("1555{:07}", random.below(10_000_000))
}

/// What people are at their companies.
pub const TITLES: [&str; 8] = [
    "VP Operations",
    "Head of Procurement",
    "CFO",
    "Director of IT",
    "Operations Manager",
    "Controller",
    "COO",
    "Business Analyst",
];
