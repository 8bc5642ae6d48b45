//! Where each setting comes from: a flag, else the environment, else the settings file, else a
//! default.
//!
//! The command line is parsed once. What it then has by default only, and the file knows, is added
//! to it as if it had been typed, and it is parsed again: so there is one grammar of values, and one
//! way to say what is wrong with them.

mod file;

use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::anyhow;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, parser::ValueSource};

use self::file::{Entry, SettingsFile};
use crate::config::{RouteArgs, ServeArgs, UpArgs};

/// What the file is called when nobody names one; it is looked for in the data folder.
const FILE_NAME: &str = "revops.toml";

/// A command line, completed by the settings file.
#[derive(Debug)]
pub struct Settings {
    /// As if everything had been typed.
    pub matches: ArgMatches,
    /// What of a file is in force, and where it lies.
    filled: Option<SettingsFile>,
}

impl Settings {
    /// Reads a command line, and the file that completes it when it is about a process.
    pub fn of(command: &Command, words: Vec<OsString>) -> anyhow::Result<Settings> {
        let matches = command.clone().try_get_matches_from(&words)?;
        let Some((settings, asked)) = process_of(&matches) else {
            return Ok(Settings { matches, filled: None });
        };
        let Some(path) = file_of(&settings, asked) else {
            return Ok(Settings { matches, filled: None });
        };
        let mut file = SettingsFile::read(&path, &every_key())?;
        file.entries.retain(|entry| {
            let setting = settings.iter().find(|setting| setting.get_id() == entry.key.as_str());
            setting.is_some_and(|setting| is_open(asked, setting))
        });
        let typed = file.entries.iter().flat_map(|entry| typed(&settings, entry)).collect();
        let completed = command.clone().try_get_matches_from(with(words, typed));
        let matches = completed
            .map_err(|error| anyhow!("the settings file {}: {}", path.display(), plain(&error)))?;
        Ok(Settings { matches, filled: Some(file) })
    }

    /// Prints every setting of the process as TOML, and where it comes from.
    pub fn print(&self) -> anyhow::Result<()> {
        let mut text = String::new();
        if let Some((settings, asked)) = process_of(&self.matches) {
            for setting in settings {
                text.push_str(&self.line(&setting, asked));
            }
        }
        match std::io::stdout().lock().write_all(text.as_bytes()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }

    fn line(&self, setting: &Arg, asked: &ArgMatches) -> String {
        let key = setting.get_id().as_str();
        let values: Vec<toml::Value> = asked
            .get_raw(key)
            .into_iter()
            .flatten()
            .map(|value| shown(&value.to_string_lossy()))
            .collect();
        let is_list = matches!(setting.get_action(), ArgAction::Append);
        let value = match <[_; 1]>::try_from(values) {
            Ok([value]) if !is_list => value,
            Ok([value]) => toml::Value::Array(vec![value]),
            Err(values) if values.is_empty() => return format!("# {key} is not set\n"),
            Err(values) => toml::Value::Array(values),
        };
        format!("{:<60} # {}\n", format!("{key} = {value}"), self.origin(setting, asked))
    }

    fn origin(&self, setting: &Arg, asked: &ArgMatches) -> String {
        let key = setting.get_id().as_str();
        let filled = self.filled.as_ref();
        let entry = filled.and_then(|file| file.entries.iter().find(|entry| entry.key == key));
        if let (Some(file), Some(entry)) = (filled, entry) {
            return format!("{} line {}", file.path.display(), entry.line);
        }
        match asked.value_source(key) {
            Some(ValueSource::CommandLine) => "command line".to_owned(),
            Some(ValueSource::EnvVariable) => {
                let name = setting.get_env().unwrap_or_default().to_string_lossy();
                format!("environment {name}")
            }
            _ => "default".to_owned(),
        }
    }
}

/// The settings of the process that a command line is about, and what it says of them.
fn process_of(matches: &ArgMatches) -> Option<(Vec<Arg>, &ArgMatches)> {
    let (name, asked) = match matches.subcommand()? {
        ("config", config) => {
            let (_, check) = config.subcommand()?;
            check.subcommand().unwrap_or(("up", check))
        }
        other => other,
    };
    Some((settings_of(name)?, asked))
}

fn settings_of(process: &str) -> Option<Vec<Arg>> {
    let command = Command::new("");
    let command = match process {
        "up" => UpArgs::augment_args(command),
        "serve" => ServeArgs::augment_args(command),
        "route" => RouteArgs::augment_args(command),
        _ => return None,
    };
    Some(command.get_arguments().cloned().collect())
}

/// One file may serve all processes of a machine, so it may say what only some of them ask.
fn every_key() -> Vec<String> {
    let settings = ["up", "serve", "route"].into_iter().filter_map(settings_of).flatten();
    // Where the file lies is not for the file to say, nor is a positional word.
    let settings = settings.filter(|setting| setting.get_long().is_some_and(|it| it != "config"));
    let mut keys: Vec<String> = settings.map(|it| it.get_id().to_string()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The file that was named, or the one in the data folder, if there is one.
fn file_of(settings: &[Arg], asked: &ArgMatches) -> Option<PathBuf> {
    if let Some(named) = asked.get_one::<PathBuf>("config") {
        return Some(named.clone());
    }
    let has_data = settings.iter().any(|setting| setting.get_id() == "data");
    let data = has_data.then(|| asked.get_one::<PathBuf>("data")).flatten()?;
    Some(data.join(FILE_NAME)).filter(|path| Path::exists(path))
}

/// Whether nobody has said anything nearer than a default.
fn is_open(asked: &ArgMatches, setting: &Arg) -> bool {
    let source = asked.value_source(setting.get_id().as_str());
    source.is_none_or(|source| source == ValueSource::DefaultValue)
}

/// What a file says, as it would be typed.
fn typed(settings: &[Arg], entry: &Entry) -> Vec<OsString> {
    let setting = settings.iter().find(|setting| setting.get_id() == entry.key.as_str());
    let Some(long) = setting.and_then(Arg::get_long) else { return Vec::new() };
    let is_switch = setting.is_some_and(|it| matches!(it.get_action(), ArgAction::SetTrue));
    let values = entry.values.iter();
    values
        .filter(|value| !is_switch || *value != "false")
        .map(|value| {
            let is_on = is_switch && value == "true";
            OsString::from(if is_on { format!("--{long}") } else { format!("--{long}={value}") })
        })
        .collect()
}

fn with(mut words: Vec<OsString>, more: Vec<OsString>) -> Vec<OsString> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    words.splice(end..end, more);
    words
}

fn shown(value: &str) -> toml::Value {
    if let Ok(number) = value.parse() {
        return toml::Value::Integer(number);
    }
    match value {
        "true" => toml::Value::Boolean(true),
        "false" => toml::Value::Boolean(false),
        text => toml::Value::String(text.to_owned()),
    }
}

/// What is wrong, without the usage of a command line that nobody typed.
fn plain(error: &clap::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    text.split("\n\n").next().unwrap_or(text).trim().to_owned()
}
