//! Forms as rows: what is compared, and what is no address, number or company at all.

use proptest::{prelude::*, prop_assert, prop_assert_eq, proptest};

use super::{MatchKey, MatchedOn, company_domain, email_form, match_keys, phone_form};

#[test]
fn addresses_are_compared_trimmed_and_in_lower_case() {
    for (text, form) in [
        (" Ada@Acme.COM ", Some("ada@acme.com")),
        ("ada+news@acme.com", Some("ada+news@acme.com")),
        ("a.da@acme.com", Some("a.da@acme.com")),
        ("a.d.a+news@gmail.com", Some("ada@gmail.com")),
        ("Ada@GoogleMail.com", Some("ada@gmail.com")),
        ("+news@gmail.com", None),
        ("ÄDA@müller.de", Some("äda@müller.de")),
        ("ada", None),
        ("@acme.com", None),
        ("ada@", None),
        ("ada@acme", None),
        ("ada@acme.", None),
        ("ada lovelace@acme.com", None),
        ("ada@b@acme.com", None),
        ("", None),
    ] {
        assert_eq!(email_form(text).as_deref(), form, "{text:?}");
    }
}

#[test]
fn numbers_are_compared_by_their_digits() {
    for (text, form) in [
        ("+49 30 123-456", Some("+4930123456")),
        ("0049 (30) 123456", Some("+4930123456")),
        ("+49 (0)30 123456", Some("+4930123456")),
        ("030/123456", Some("030123456")),
        ("(212) 555-0100 x12", Some("2125550100")),
        ("212.555.0100 ext. 12", Some("2125550100")),
        ("tel 2125550100", None),
        ("123456", None),
        ("1234567890123456", None),
        ("1-800-FLOWERS", None),
        ("", None),
    ] {
        assert_eq!(phone_form(text).as_deref(), form, "{text:?}");
    }
}

#[test]
fn a_company_is_its_domain_unless_anybody_may_have_it() {
    for (text, form) in [
        ("https://www.Acme.com/about?x=1", Some("acme.com")),
        ("acme.com.", Some("acme.com")),
        ("http://user:secret@acme.com:8080", Some("acme.com")),
        ("Ada@Acme.com", Some("acme.com")),
        ("mail.acme.co.uk", Some("mail.acme.co.uk")),
        ("ada@gmail.com", None),
        ("www.web.de", None),
        ("localhost", None),
        ("192.168.0.1", None),
        ("acme..com", None),
        ("no website", None),
        ("", None),
    ] {
        assert_eq!(company_domain(text).as_deref(), form, "{text:?}");
    }
}

#[test]
fn a_record_has_a_key_for_each_text_that_can_be_compared() {
    let key = |on, form: &str| MatchKey { on, form: form.to_owned() };
    let all = match_keys("ada@acme.com", "+49 30 123456", "");
    let expected = [
        key(MatchedOn::Email, "ada@acme.com"),
        key(MatchedOn::Phone, "+4930123456"),
        key(MatchedOn::CompanyDomain, "acme.com"),
    ];
    assert_eq!(all, expected);
    let elsewhere = match_keys("ada@gmail.com", "", "acme.com");
    let expected =
        [key(MatchedOn::Email, "ada@gmail.com"), key(MatchedOn::CompanyDomain, "acme.com")];
    assert_eq!(elsewhere, expected);
    assert_eq!(match_keys("", "", ""), []);
}

#[test]
fn a_key_is_never_printed() {
    let keys = match_keys("ada@acme.com", "+49 30 123456", "");
    assert_eq!(format!("{keys:?}"), "[(email), (phone), (company_domain)]");
}

#[test]
fn every_match_has_its_word() {
    for it in MatchedOn::ALL {
        assert_eq!(MatchedOn::from_word(it.word()), Some(it));
    }
    assert_eq!(MatchedOn::from_word("name"), None);
}

proptest! {
    #[test]
    fn a_form_is_its_own_form(text in "[ a-zA-Z0-9.+@:/()x-]{0,24}") {
        for form in [email_form, phone_form, company_domain] {
            if let Some(once) = form(&text) {
                prop_assert_eq!(form(&once), Some(once));
            }
        }
    }

    #[test]
    fn no_text_makes_a_form_panic(text in any::<String>()) {
        let keys = match_keys(&text, &text, &text);
        prop_assert!(keys.len() <= 3);
    }
}
