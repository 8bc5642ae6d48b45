//! Types, links and participants, as they are typed and shown.

use api::accounts::v1 as sent;
use clap::ValueEnum;
use sent::activity_link::Entity;
use sent::activity_participant::Who;

use crate::wording::lower;

/// What an activity is, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ActivityType {
    /// Somebody called somebody
    Call,
    /// Somebody wrote to somebody
    Email,
    /// People met
    Meeting,
    /// People met to see what is sold
    Demo,
    /// Something to be done
    Task,
}

impl From<ActivityType> for sent::ActivityType {
    fn from(it: ActivityType) -> Self {
        match it {
            ActivityType::Call => Self::Call,
            ActivityType::Email => Self::Email,
            ActivityType::Meeting => Self::Meeting,
            ActivityType::Demo => Self::Demo,
            ActivityType::Task => Self::Task,
        }
    }
}

/// The name of a type; nothing for one that was not said.
pub fn type_name(value: i32) -> Option<String> {
    let value = sent::ActivityType::try_from(value).ok()?;
    lower(value.as_str_name(), "ACTIVITY_TYPE_")
}

/// What an activity is about, as in `account:ID`.
///
/// # Errors
/// A sentence that says how to write it.
pub fn link(text: &str) -> Result<sent::ActivityLink, String> {
    let (word, id) = text.split_once(':').unwrap_or_default();
    let id = id.to_owned();
    let entity = match word {
        "lead" => Entity::LeadId(id),
        "account" => Entity::AccountId(id),
        "contact" => Entity::ContactId(id),
        "opportunity" => Entity::OpportunityId(id),
        _ => {
            let how = "write lead, account, contact or opportunity and an id, as in account:ID";
            return Err(how.to_owned());
        }
    };
    Ok(sent::ActivityLink { entity: Some(entity) })
}

/// Who takes part, as in `contact:ID` or `user:ann`.
///
/// # Errors
/// A sentence that says how to write it.
pub fn participant(text: &str) -> Result<sent::ActivityParticipant, String> {
    let (word, id) = text.split_once(':').unwrap_or_default();
    let id = id.to_owned();
    let who = match word {
        "user" => Who::User(id),
        "contact" => Who::ContactId(id),
        "lead" => Who::LeadId(id),
        _ => {
            let how = "write user, contact or lead and who it is, as in user:ann or contact:ID";
            return Err(how.to_owned());
        }
    };
    Ok(sent::ActivityParticipant { who: Some(who) })
}

/// A link as it is typed.
pub fn link_text(link: sent::ActivityLink) -> String {
    match link.entity {
        Some(Entity::LeadId(id)) => format!("lead:{id}"),
        Some(Entity::AccountId(id)) => format!("account:{id}"),
        Some(Entity::ContactId(id)) => format!("contact:{id}"),
        Some(Entity::OpportunityId(id)) => format!("opportunity:{id}"),
        None => String::new(),
    }
}

/// A participant as it is typed.
pub fn participant_text(participant: sent::ActivityParticipant) -> String {
    match participant.who {
        Some(Who::User(id)) => format!("user:{id}"),
        Some(Who::ContactId(id)) => format!("contact:{id}"),
        Some(Who::LeadId(id)) => format!("lead:{id}"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_come_back_as_they_were_typed() {
        for text in ["lead:1", "account:1", "contact:1", "opportunity:a:b"] {
            assert_eq!(link_text(link(text).unwrap()), text);
        }
        for text in ["user:ann", "contact:1", "lead:1"] {
            assert_eq!(participant_text(participant(text).unwrap()), text);
        }
        for wrong in ["", "1", "deal:1"] {
            assert!(link(wrong).is_err() && participant(wrong).is_err(), "{wrong}");
        }
    }
}
