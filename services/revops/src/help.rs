//! What `revops help` shows first: every command under what it is for.

use clap::Command;

/// What commands are for, and which are for it.
const GROUPS: [(&str, &[&str]); 6] = [
    ("Sell", &["lead", "opportunity", "account", "contact", "contract", "activity"]),
    ("Plan", &["forecast", "quota", "user", "calendar", "rate", "catalog"]),
    ("See", &["pipeline", "metrics", "history", "events", "top"]),
    ("Bring in and forget", &["import", "person"]),
    ("Trust", &["doctor", "log", "projection"]),
    ("Run", &["up", "serve", "route", "config", "completions", "help"]),
];

/// The same command with its subcommands in groups.
pub fn grouped(mut command: Command) -> Command {
    command.build();
    let width = command.get_subcommands().map(|it| it.get_name().len()).max().unwrap_or(0);
    let mut text = String::new();
    for (group, names) in GROUPS {
        text += &format!("{group}:\n");
        for name in names {
            let about = command.find_subcommand(name).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            text += &format!("  {name:width$}  {about}\n");
        }
        text.push('\n');
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{text}Options:\n{{options}}{{after-help}}"
    );
    command.help_template(template)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::line;

    #[test]
    fn every_command_stands_in_one_group_and_says_what_it_is() {
        let mut command = line::command();
        command.build();
        let there: BTreeSet<&str> = command.get_subcommands().map(Command::get_name).collect();
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        assert_eq!(grouped.len(), there.len());
        assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), there);
        for command in command.get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
        }
    }

    #[test]
    fn every_noun_shows_an_example() {
        let mut command = line::command();
        command.build();
        let own = ["up", "serve", "route", "config", "completions", "help"];
        let asks = command.get_subcommands().filter(|it| !own.contains(&it.get_name()));
        for noun in asks {
            let after = noun.get_after_help().map(ToString::to_string).unwrap_or_default();
            let is_shown = after.contains(&format!("revops {}", noun.get_name()));
            assert!(is_shown, "{}: {after}", noun.get_name());
        }
    }

    #[test]
    fn examples_can_be_typed() {
        let mut command = line::command();
        command.build();
        let mut waiting: Vec<&Command> = command.get_subcommands().collect();
        while let Some(command) = waiting.pop() {
            waiting.extend(command.get_subcommands());
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in after.lines().filter(|line| line.starts_with("  revops ")) {
                // Where the shell puts what is printed is its own affair.
                let typed = line.split(" > ").next().unwrap_or(line);
                let read = line::command().try_get_matches_from(words(typed));
                assert!(read.is_ok(), "{line}: {}", read.unwrap_err());
            }
        }
    }

    /// Words as a shell would tell them apart.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        for (place, part) in line.trim().split('\'').enumerate() {
            let is_quoted = place % 2 == 1;
            for (place, piece) in part.split(|it: char| !is_quoted && it == ' ').enumerate() {
                if place > 0 {
                    words.push(String::new());
                }
                words.last_mut().unwrap().push_str(piece);
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }
}
