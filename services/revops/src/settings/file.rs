//! The settings file: TOML, one key for each flag of `up`, `serve` and `route`, spelled with `_`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use toml::de::{DeTable, DeValue};

/// A settings file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What it says, in its order.
    pub entries: Vec<Entry>,
}

/// What a file says about one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The setting.
    pub key: String,
    /// Its values, as they would be typed: one, or several for a list.
    pub values: Vec<String>,
    /// The line of the key.
    pub line: usize,
}

impl SettingsFile {
    /// Reads a file; every key has to be among the known ones.
    pub fn read(path: &Path, known: &[String]) -> anyhow::Result<SettingsFile> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the settings file {} cannot be read", path.display()))?;
        let entries =
            parse(&text, known).with_context(|| format!("the settings file {}", path.display()))?;
        Ok(SettingsFile { path: path.to_owned(), entries })
    }
}

fn parse(text: &str, known: &[String]) -> anyhow::Result<Vec<Entry>> {
    let table = DeTable::parse(text)?;
    let mut entries = Vec::new();
    for (key, value) in table.get_ref() {
        let line = 1 + text[..key.span().start].matches('\n').count();
        let key: &str = key.get_ref().as_ref();
        if !known.iter().any(|known| known == key) {
            bail!("line {line}: there is no setting {key:?}; there are: {}", known.join(", "));
        }
        let values = values_of(value.get_ref()).with_context(|| {
            format!(
                "line {line}: {key} is to be a text, a number, true or false, or a list of texts"
            )
        })?;
        entries.push(Entry { key: key.to_owned(), values, line });
    }
    entries.sort_by_key(|entry| entry.line);
    Ok(entries)
}

fn values_of(value: &DeValue<'_>) -> Option<Vec<String>> {
    if let DeValue::Array(items) = value {
        return items.iter().map(|item| one(item.get_ref())).collect();
    }
    Some(vec![one(value)?])
}

fn one(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Vec<Entry>> {
        parse(text, &["listen", "cache_mib", "demo", "to"].map(str::to_owned))
    }

    #[test]
    fn what_a_file_says_is_read_with_its_lines() {
        let text = "# mine\nlisten = '127.0.0.1:1'\n\ncache_mib = 64\ndemo = true\nto = ['a=b:1', 'c=d:2']\n";
        let entry = |key: &str, values: &[&str], line| Entry {
            key: key.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            line,
        };
        assert_eq!(
            read(text).unwrap(),
            [
                entry("listen", &["127.0.0.1:1"], 2),
                entry("cache_mib", &["64"], 4),
                entry("demo", &["true"], 5),
                entry("to", &["a=b:1", "c=d:2"], 6),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, words) in [
            ("cache_mib = 1\nlisen = 'x'\n", ["line 2", "\"lisen\"", "listen, cache_mib"]),
            ("\n\n[cache_mib]\nx = 1\n", ["line 3", "cache_mib", "a number"]),
            ("listen = 1.5\n", ["line 1", "listen", "a text"]),
            ("listen = \n", ["line 1", "", ""]),
        ] {
            let why = format!("{:#}", read(text).unwrap_err());
            assert!(words.iter().all(|word| why.contains(word)), "{text:?}: {why}");
        }
    }
}
