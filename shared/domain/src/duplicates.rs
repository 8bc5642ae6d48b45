//! Duplicates: what of two records has to be equal for them to be of the same somebody.
//!
//! A text is brought to one form, and two texts match when their forms are equal. The forms hold
//! what must be forgettable: they exist in memory only, and are never printed.

use serde::{Deserialize, Serialize};

/// Which of its texts says that a record is another one's duplicate. Stored as its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&str", try_from = "&str")]
pub enum MatchedOn {
    /// The same e-mail address.
    Email,
    /// The same phone number.
    Phone,
    /// The same company, by its domain.
    CompanyDomain,
}

impl MatchedOn {
    /// Every one, from the surest to the least sure.
    pub const ALL: [MatchedOn; 3] = [MatchedOn::Email, MatchedOn::Phone, MatchedOn::CompanyDomain];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            MatchedOn::Email => "email",
            MatchedOn::Phone => "phone",
            MatchedOn::CompanyDomain => "company_domain",
        }
    }

    /// The one of a stable word.
    pub fn from_word(word: &str) -> Option<MatchedOn> {
        MatchedOn::ALL.into_iter().find(|it| it.word() == word)
    }
}

impl From<MatchedOn> for &'static str {
    fn from(it: MatchedOn) -> &'static str {
        it.word()
    }
}

impl TryFrom<&str> for MatchedOn {
    type Error = String;

    fn try_from(word: &str) -> Result<MatchedOn, String> {
        MatchedOn::from_word(word).ok_or_else(|| format!("unknown match {word:?}"))
    }
}

/// A text in the form in which it is compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatchKey {
    /// Which text it was.
    pub on: MatchedOn,
    /// Its form.
    pub form: String,
}

impl std::fmt::Debug for MatchKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({})", self.on.word())
    }
}

/// The keys of a record. The company's domain is that of the website, or else of the address.
pub fn match_keys(email: &str, phone: &str, website: &str) -> Vec<MatchKey> {
    let domain = company_domain(website).or_else(|| company_domain(email));
    let forms = [
        (MatchedOn::Email, email_form(email)),
        (MatchedOn::Phone, phone_form(phone)),
        (MatchedOn::CompanyDomain, domain),
    ];
    forms.into_iter().filter_map(|(on, form)| Some(MatchKey { on, form: form? })).collect()
}

/// Two names of one provider, which ignores dots and everything after a plus sign. Others may tell
/// such addresses apart, so theirs stay as they are.
const GMAIL: [&str; 2] = ["gmail.com", "googlemail.com"];

/// Trimmed and in lower case; `None` for what is no address.
pub fn email_form(text: &str) -> Option<String> {
    let address = text.trim().to_lowercase();
    let (name, domain) = address.rsplit_once('@')?;
    let broken = |c: char| c.is_whitespace() || c == '@';
    if name.is_empty() || name.contains(broken) || !is_host(domain) {
        return None;
    }
    if !GMAIL.contains(&domain) {
        return Some(address);
    }
    let name = name.split('+').next()?.replace('.', "");
    (!name.is_empty()).then(|| format!("{name}@gmail.com"))
}

/// A phone number has between 7 and 15 digits.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Its digits, with a plus sign before a country code; `None` for what is no number.
///
/// A number without its country does not match the same one with it: nobody said which country.
pub fn phone_form(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let number = text.split(['x', 'e', '#', ';']).next()?.replace("(0)", "");
    if number.contains(|c: char| c.is_alphabetic()) {
        return None;
    }
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let (sign, digits) = match digits.strip_prefix("00") {
        _ if number.starts_with('+') => ("+", &*digits),
        Some(rest) => ("+", rest),
        None => ("", &*digits),
    };
    PHONE_DIGITS.contains(&digits.len()).then(|| format!("{sign}{digits}"))
}

/// Domains at which anybody has an address: they say nothing about a company.
const FREE_MAIL: &[&str] = &[
    "163.com",
    "aol.com",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "web.de",
    "yahoo.com",
    "yandex.ru",
    "zoho.com",
];

/// The host of a website or of an e-mail address, without `www.`; `None` when it is no company's.
///
/// Hosts below one domain stay apart: where a company's name ends takes a list of all suffixes.
pub fn company_domain(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let address = text.split_once("://").map_or(&*text, |(_, rest)| rest);
    let host = address.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?.split(':').next()?.trim_end_matches('.');
    let host = host.strip_prefix("www.").unwrap_or(host);
    (is_host(host) && !FREE_MAIL.contains(&host)).then(|| host.to_owned())
}

/// At least two labels, and not the number of a machine.
fn is_host(host: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || c == '-';
    let Some((_, last)) = host.rsplit_once('.') else { return false };
    host.split('.').all(|label| !label.is_empty() && label.chars().all(allowed))
        && !last.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests;
