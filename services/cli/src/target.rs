//! The flags that commands on accounts, contacts, contracts and activities share, and their pages.

use std::future::Future;

use api::google::r#type::Money;
use api::types::v1::{ExternalId, Reflected};
use prost_types::Timestamp;
use tonic::Status;

use crate::recorded::{Repeatable, new_request_id};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::wording::given;

/// The most that the server puts on one page.
const PAGE_SIZE_MAX: usize = 1000;

/// Sends a command: all of them have the same head, then fields of their own, and answer alike.
macro_rules! send {
    (
        $session:ident.$client:ident.$call:ident, $message:ident,
        [$id:ident: $target:ident, $request_id:ident], [$($field:ident $(: $value:expr)?),*]
    ) => {{
        let message = $message {
            $id: $target.id,
            request_id: $request_id,
            etag: $target.repeatable.etag,
            occurred_at: $target.at,
            $($field $(: $value)?),*
        };
        $session.$client().$call($session.request(message)).await?.into_inner().recorded
    }};
}

/// Sends a void.
macro_rules! send_void {
    (
        $session:ident.$client:ident.$call:ident, $message:ident,
        [$id:ident: $voiding:ident, $request_id:ident]
    ) => {{
        let message = $message {
            $id: $voiding.id,
            request_id: $request_id,
            etag: $voiding.repeatable.etag,
            command_id: $voiding.command_id,
            reason_code: $voiding.why.reason,
            reason: $voiding.why.comment,
        };
        $session.$client().$call($session.request(message)).await?.into_inner().recorded
    }};
}

pub(crate) use {send, send_void};

/// What a command is about, and when.
#[derive(Clone, Debug, clap::Args)]
pub struct Target {
    /// Its id
    #[arg(value_name = "ID")]
    pub id: String,

    /// When it happened, if not now
    #[arg(long, value_name = "T", value_parser = times::instant)]
    pub at: Option<Timestamp>,

    #[command(flatten)]
    pub repeatable: Repeatable,
}

/// Why something is done.
#[derive(Clone, Debug, clap::Args)]
pub struct Why {
    /// Why, as a short key
    #[arg(long, value_name = "CODE")]
    pub reason: String,

    /// Why, in one's own words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub comment: String,
}

/// What is taken back, and why.
#[derive(Clone, Debug, clap::Args)]
pub struct Voiding {
    /// Its id
    pub id: String,

    /// The id of the command or report to take back
    pub command_id: String,

    #[command(flatten)]
    pub why: Why,

    #[command(flatten)]
    pub repeatable: Repeatable,
}

/// How something new is called, and when it began.
#[derive(Clone, Debug, clap::Args)]
pub struct Creation {
    /// When it happened, if not now
    #[arg(long, value_name = "T", value_parser = times::instant)]
    pub at: Option<Timestamp>,

    /// What another system calls it
    #[arg(long, value_name = "SOURCE:KEY", value_parser = external_id)]
    pub external_id: Option<ExternalId>,

    /// Its id [default: made from the external id or the request id]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    pub id: String,

    /// A UUID that makes the command safe to repeat [default: a new one]
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
}

impl Creation {
    /// The caller's request id, or a new one.
    pub fn request_id(&self) -> String {
        self.request_id.clone().unwrap_or_else(new_request_id)
    }
}

/// What is paid again and again.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Paid {
    /// What is paid every month, as in '100 USD'
    #[arg(long, value_parser = crate::money::parse)]
    pub monthly: Option<Money>,

    /// What is paid every year, as in '1200 USD'
    #[arg(long, value_parser = crate::money::parse)]
    pub yearly: Option<Money>,
}

/// An id in another system, as it is typed.
///
/// # Errors
/// A sentence that says how to write it.
pub fn external_id(text: &str) -> Result<ExternalId, String> {
    match text.split_once(':') {
        Some((source, key)) if !source.is_empty() && !key.is_empty() => {
            Ok(ExternalId { source: source.to_owned(), key: key.to_owned() })
        }
        _ => Err("write the source and its key, as in salesforce:0065g00000".to_owned()),
    }
}

/// How much of a list.
#[derive(Clone, Debug, clap::Args)]
pub struct Paging {
    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,

    /// All, however many
    #[arg(long, conflicts_with = "limit")]
    all: bool,

    /// Continue after the page that ended with this token
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TOKEN")]
    page_token: String,
}

/// What a list came to.
#[derive(Debug)]
pub struct Listed<T> {
    /// Where the last page stands.
    pub standing: Standing,
    /// What was found.
    pub items: Vec<T>,
    /// Where to go on.
    pub next_page_token: Option<String>,
}

/// One page as the server sends it.
pub type Page<T> = (Option<Reflected>, Vec<T>, String);

impl Paging {
    /// Collects pages until there is enough.
    ///
    /// # Errors
    /// Those of the calls.
    pub async fn collect<T, F>(
        &self,
        mut page: impl FnMut(i32, String) -> F,
    ) -> anyhow::Result<Listed<T>>
    where
        F: Future<Output = Result<Page<T>, Status>>,
    {
        let limit = if self.all { usize::MAX } else { self.limit };
        let mut token = self.page_token.clone();
        let mut listed =
            Listed { standing: Standing::default(), items: Vec::new(), next_page_token: None };
        loop {
            let wanted = (limit - listed.items.len()).clamp(1, PAGE_SIZE_MAX);
            let (reflected, items, next) = page(i32::try_from(wanted)?, token).await?;
            listed.standing = Standing::of(reflected);
            listed.items.extend(items);
            listed.next_page_token = given(next.clone());
            token = next;
            if token.is_empty() || listed.items.len() >= limit {
                return Ok(listed);
            }
        }
    }
}

impl<T> Listed<T> {
    /// Says how to go on.
    pub fn note_more(token: Option<&str>, session: &Session) {
        if let Some(token) = token {
            let note = format!("there are more: --all, --limit N or --page-token {token}");
            session.output.note(note);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::external_id;

    #[test]
    fn an_external_id_has_a_source_and_a_key_which_may_hold_colons() {
        let id = external_id("crm:a:b").unwrap();
        assert_eq!((id.source.as_str(), id.key.as_str()), ("crm", "a:b"));
        for wrong in ["crm", ":a", "crm:"] {
            assert!(external_id(wrong).is_err(), "{wrong}");
        }
    }
}
