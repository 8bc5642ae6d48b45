//! Pages of long answers: an opaque token carries where to go on, of which question, in which log, and
//! a tag by which one that nobody gave is known.

use domain::Rejection;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::runtime::Runtime;

const SIZE_DEFAULT: usize = 50;
const SIZE_MAX: usize = 1_000;

#[derive(Serialize, Deserialize)]
struct Token {
    log: String,
    /// A keyed hash of the question and where it goes on.
    tag: [u8; 16],
    after: Vec<u8>,
}

/// How many rows a page has: 50 when nobody says, at most 1,000.
pub fn size(asked: i32) -> Result<usize, Rejection> {
    match usize::try_from(asked) {
        Ok(0) => Ok(SIZE_DEFAULT),
        Ok(size) => Ok(size.min(SIZE_MAX)),
        Err(_) => {
            let message = "a page cannot have fewer than no rows";
            Err(Rejection::invalid("PAGE_SIZE_INVALID", "page_size", message))
        }
    }
}

/// The token of the page after `after`, for the same question.
pub fn token<T: Serialize>(runtime: &Runtime, question: &[&[u8]], after: T) -> String {
    spell(runtime, question, postcard::to_stdvec(&after).unwrap_or_default())
}

fn spell(runtime: &Runtime, question: &[&[u8]], after: Vec<u8>) -> String {
    let tag = runtime.vault.fingerprint(&[&[b"page", &*after], question].concat());
    let token = Token { log: runtime.log_name(), tag, after };
    let bytes = postcard::to_stdvec(&token).unwrap_or_default();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a page goes on; `None` for the first.
pub fn after<T: DeserializeOwned>(
    runtime: &Runtime,
    question: &[&[u8]],
    token: &str,
) -> Result<Option<T>, Rejection> {
    if token.is_empty() {
        return Ok(None);
    }
    let invalid = || {
        let message = "it was not given for this question: start again without it";
        Rejection::invalid("PAGE_TOKEN_INVALID", "page_token", message)
    };
    let byte = |at: usize| token.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    let bytes: Option<Vec<u8>> = (0..token.len()).step_by(2).map(byte).collect();
    let given = bytes.and_then(|bytes| postcard::from_bytes::<Token>(&bytes).ok());
    let after = given.ok_or_else(invalid)?.after;
    let found = postcard::from_bytes(&after).map_err(|_| invalid())?;
    // Its log, its tag and its very spelling are those that would be given now.
    if spell(runtime, question, after) == token { Ok(Some(found)) } else { Err(invalid()) }
}
