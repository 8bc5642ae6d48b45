//! Every fact ever published stays readable: its bytes are kept under its name, and never change.
//!
//! `REVOPS_GOLDEN=write` writes the files of new names; a file that is there is left as it is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod customers;

use std::{collections::BTreeMap, path::PathBuf};

use domain::{
    AccountId, Currency, Date, ExternalId, Fact, ForecastCategory, Kind, Money, OpportunityType,
    Outcome, PersonId, Personal, PipelineId, ProductId, Reason, Sealed, UserId, Voided,
    opportunity::{
        self, Abandoned, AmountChanged, CategoryOverridden, CloseDateChanged, Lost, Noted, Opened,
        OwnerChanged, Reopened, Stage, StageChanged, Won,
    },
    person, pipeline, product, source, user,
};
use uuid::Uuid;

mod leads;
mod planning;

#[test]
fn published_bytes_are_written_and_read_as_ever() {
    let writing = std::env::var("REVOPS_GOLDEN").as_deref() == Ok("write");
    for (file, fact) in samples() {
        let path = folder().join(&file);
        let bytes = fact.encode().unwrap();
        if writing && !path.exists() {
            std::fs::write(&path, &bytes).unwrap();
        }
        let golden = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{file}: {error}; REVOPS_GOLDEN=write makes it"));
        assert_eq!(bytes, golden, "{file}: this fact is written otherwise than it was published");
        let read = Fact::decode(fact.kind(), fact.name(), &golden);
        assert_eq!(read.as_ref(), Ok(&fact), "{file}");
    }
}

#[test]
fn every_name_has_its_bytes_and_every_file_its_name() {
    let samples = samples();
    let names = Kind::ALL.iter().flat_map(|kind| kind.fact_names());
    for name in names {
        let file = format!("{name}.bin");
        assert!(samples.contains_key(&file), "{name} has no sample: publish its bytes with it");
        assert!(folder().join(&file).exists(), "{file} is missing");
    }
    for entry in std::fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        assert!(samples.contains_key(&file), "{file} was published, and nothing reads it any more");
    }
}

#[test]
fn bytes_of_one_fact_are_not_taken_for_another() {
    for (file, fact) in samples() {
        let bytes = std::fs::read(folder().join(&file)).unwrap();
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(Fact::decode(fact.kind(), fact.name(), &longer).is_err(), "{file} and a byte more");
        let Some((_, shorter)) = bytes.split_last() else {
            continue;
        };
        assert!(Fact::decode(fact.kind(), fact.name(), shorter).is_err(), "{file} less its last");
    }
}

fn folder() -> PathBuf {
    tests::data::workspace().join("tests/golden")
}

/// A fact under each name with everything in it, as `NAME.bin`; where parts may be absent, one
/// without them too, as `NAME.bare.bin`.
fn samples() -> BTreeMap<String, Fact> {
    let deals = [opened(), moved(), closed()].concat();
    let full = [deals, leads::full(), customers::full(), planning::full(), catalog()].concat();
    let full = full.into_iter().map(|fact| (format!("{}.bin", fact.name()), fact));
    let bare = [bare(), leads::bare(), customers::bare(), planning::bare()].concat();
    let bare = bare.into_iter().map(|fact| (format!("{}.bare.bin", fact.name()), fact));
    full.chain(bare).collect()
}

fn id(last: u8) -> Uuid {
    let mut bytes = *b"0123456789abcdef";
    bytes[15] = last;
    Uuid::new_v8(bytes)
}

fn sealed() -> Personal {
    let nonce = std::array::from_fn(|place| place as u8);
    Personal::from(Sealed { key: id(b'k'), nonce, ciphertext: (100..180).collect() })
}

fn usd(minor: i64) -> Option<Money> {
    Some(Money { minor, currency: Currency::from_code("USD").unwrap() })
}

fn reason() -> Reason {
    Reason { code: "price".into(), text: Some(sealed()) }
}

fn opened() -> Vec<Fact> {
    let external = |key: &str| ExternalId { source: "crm".into(), key: key.into() };
    let opened = Opened {
        external_ids: vec![external("006A"), external("006B")],
        name: Some(sealed()),
        pipeline: PipelineId(id(b'p')),
        stage: Stage { key: "talks".into(), order: Some(300) },
        amount: usd(123_456_789),
        close_date: Some(Date(20_543)),
        owner: Some(UserId(id(b'u'))),
        product: Some(ProductId(id(b'q'))),
        account: Some(AccountId(id(b'a'))),
        opportunity_type: Some(OpportunityType::Expansion),
    };
    vec![opportunity::Fact::Opened(opened.into()).into()]
}

fn moved() -> Vec<Fact> {
    use opportunity::Fact as Deal;
    let stage = Stage { key: "offer".into(), order: Some(4) };
    let category = Some(ForecastCategory::BestCase);
    let facts = [
        Deal::StageChanged(StageChanged { stage, pipeline: Some(PipelineId(id(b'r'))) }),
        Deal::AmountChanged(AmountChanged { amount: usd(1) }),
        Deal::CloseDateChanged(CloseDateChanged { close_date: Some(Date(-1)) }),
        Deal::OwnerChanged(OwnerChanged { owner: Some(UserId(id(b'u'))) }),
        Deal::CategoryOverridden(CategoryOverridden { category, reason: reason() }),
        Deal::Noted(Noted { text: sealed() }),
        Deal::Voided(Voided { command_id: id(b'c'), reason: reason() }),
    ];
    facts.map(Fact::from).into()
}

fn closed() -> Vec<Fact> {
    use opportunity::Fact as Deal;
    let stage = Some(Stage { key: "talks".into(), order: Some(3) });
    let facts = [
        Deal::Won(Won { amount: usd(i64::MAX), reason: reason() }),
        Deal::Lost(Lost { reason: reason() }),
        Deal::Abandoned(Abandoned { reason: reason() }),
        Deal::Reopened(
            Reopened { stage, pipeline: Some(PipelineId(id(b'r'))), reason: reason() }.into(),
        ),
    ];
    facts.map(Fact::from).into()
}

fn catalog() -> Vec<Fact> {
    let stages =
        Outcome::ALL.iter().zip(1_u32..).map(|(outcome, order)| pipeline::StageDefinition {
            key: outcome.word().into(),
            name: outcome.word().to_uppercase(),
            order: order * 100,
            probability_ppm: order * 250_000,
            category: ForecastCategory::ALL[order as usize],
            outcome: *outcome,
        });
    let pipeline = pipeline::Defined {
        key: "sales".into(),
        name: "Sales".into(),
        furthest: true,
        stages: stages.collect(),
        retired: true,
    };
    let (key, name) = ("box".to_owned(), "Box".to_owned());
    let product = product::Defined { key, name, list_price: usd(10_000), retired: true };
    let source = source::Defined {
        key: "crm".into(),
        name: "The CRM".into(),
        label: "crm".into(),
        retired: true,
    };
    let user = user::Defined {
        person: PersonId(id(b'h')),
        key: sealed(),
        name: Some(sealed()),
        manager: Some(UserId(id(b'm'))),
        office: "North".into(),
        role: "rep".into(),
        retired: true,
    };
    vec![
        pipeline::Fact::Defined(pipeline).into(),
        product::Fact::Defined(product).into(),
        source::Fact::Defined(source).into(),
        user::Fact::Defined(user.into()).into(),
        person::Fact::Erased(person::Erased { reason_code: "asked".into() }).into(),
    ]
}

fn bare() -> Vec<Fact> {
    use opportunity::Fact as Deal;
    let opened = Opened {
        external_ids: vec![],
        name: None,
        pipeline: PipelineId(id(b'p')),
        stage: Stage { key: "new".into(), order: None },
        amount: None,
        close_date: None,
        owner: None,
        product: None,
        account: None,
        opportunity_type: None,
    };
    let stage = Stage { key: "offer".into(), order: None };
    let reason = Reason::default;
    let deals = [
        Deal::Opened(opened.into()),
        Deal::StageChanged(StageChanged { stage, pipeline: None }),
        Deal::AmountChanged(AmountChanged { amount: None }),
        Deal::CloseDateChanged(CloseDateChanged { close_date: None }),
        Deal::OwnerChanged(OwnerChanged { owner: None }),
        Deal::CategoryOverridden(CategoryOverridden { category: None, reason: reason() }),
        Deal::Won(Won { amount: None, reason: reason() }),
        Deal::Lost(Lost { reason: reason() }),
        Deal::Abandoned(Abandoned { reason: reason() }),
        Deal::Reopened(Reopened { stage: None, pipeline: None, reason: reason() }.into()),
        Deal::Voided(Voided { command_id: id(b'c'), reason: reason() }),
    ];
    let (key, name) = ("box".to_owned(), "Box".to_owned());
    let product = product::Defined { key, name, list_price: None, retired: false };
    let user = user::Defined {
        person: PersonId(id(b'h')),
        key: sealed(),
        name: None,
        manager: None,
        office: String::new(),
        role: String::new(),
        retired: false,
    };
    let catalog = [product::Fact::Defined(product).into(), user::Fact::Defined(user.into()).into()];
    deals.map(Fact::from).into_iter().chain(catalog).collect()
}
