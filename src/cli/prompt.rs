//! `frontdesk prompt show`: the system prompt that a call would have now (PROMPT-1).

use std::io::Write;

use clap::{Subcommand, ValueEnum};
use protocol::ids::{PhoneNumber, Slug};
use protocol::twilio::forms::Direction;

use super::error::CliError;
use super::exit::Exit;
use super::{database, stored};
use crate::config::Config;
use crate::platform::Platform;
use crate::prompt;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Print the system prompt that a call to a business would have now.
    Show {
        /// The business's slug.
        business: Slug,
        /// The person's number. The prompt then has what is known of them.
        #[arg(long, value_name = "+972…")]
        number: Option<PhoneNumber>,
        /// Who calls whom.
        #[arg(long, value_enum, default_value_t = Calls::Inbound)]
        direction: Calls,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Calls {
    /// The person calls the business.
    Inbound,
    /// The business calls the person.
    Outbound,
}

impl From<Calls> for Direction {
    fn from(calls: Calls) -> Self {
        match calls {
            Calls::Inbound => Self::Inbound,
            Calls::Outbound => Self::Outbound,
        }
    }
}

pub(super) async fn run(
    command: Command,
    config: &Config,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let Command::Show { business, number, direction } = command;
    let now = platform.clock.wall();
    let work = |db| async move {
        let (settings, found) = stored::find(&db, &business, number.as_ref(), now).await?;
        let prompt = prompt::for_call(&settings, &found, direction.into(), number.as_ref(), now);
        out.write_all(prompt.as_bytes())?;
        Ok(Exit::Clean)
    };
    database::with_open(config, work).await
}

#[cfg(test)]
mod tests {
    use entities::businesses;
    use entities::leads::{self, ChangedBy, LeadChanges};
    use protocol::ids::LeadId;

    use super::*;
    use crate::cli::business;
    use crate::cli::tests::{OnDisk, example};

    const PERSON: &str = "+972501234567";

    async fn shown(on_disk: &OnDisk, number: Option<&str>, direction: Calls) -> String {
        let command = Command::Show {
            business: Slug::parse("tel-aviv-locks").unwrap(),
            number: number.map(|number| PhoneNumber::parse(number).unwrap()),
            direction,
        };
        let mut out = Vec::new();
        run(command, &on_disk.config(), &Platform::live(), &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    }

    async fn with_business() -> OnDisk {
        let on_disk = OnDisk::default();
        let import = business::Command::Import { file: example("tel-aviv-locks") };
        let mut out = Vec::new();
        business::run(import, &on_disk.config(), &Platform::live(), &mut out).await.unwrap();
        on_disk
    }

    #[tokio::test]
    async fn prompt_1_the_business_prompt_the_direction_and_the_rules_are_printed() {
        let on_disk = with_business().await;
        let inbound = shown(&on_disk, None, Calls::Inbound).await;
        assert!(inbound.contains("התקנת מנעולים חכמים"));
        assert_ne!(inbound, shown(&on_disk, None, Calls::Outbound).await);
    }

    #[tokio::test]
    async fn prompt_1_what_is_known_of_the_person_is_in_it_and_only_for_that_person() {
        let on_disk = with_business().await;
        let (platform, person) = (Platform::live(), PhoneNumber::parse(PERSON).unwrap());
        let now = platform.clock.wall();
        let lead = LeadId(platform.chance.new_id(now));
        let db = database::open(&on_disk.config().database).await.unwrap();
        let slug = Slug::parse("tel-aviv-locks").unwrap();
        let id = businesses::find_by_slug(&db, &slug).await.unwrap().unwrap().id;
        let lead = leads::ensure_for_message(&db, id, &person, lead, now).await.unwrap();
        let told =
            LeadChanges { full_name: Some("דנה לוי".to_owned()), ..LeadChanges::default() };
        let by = ChangedBy::Message;
        leads::merge_details(&db, id, lead.record.id, told, None, by, now).await.unwrap();
        let hers = shown(&on_disk, Some(PERSON), Calls::Inbound).await;
        assert!(hers.contains("דנה לוי") && hers.contains(PERSON));
        assert!(!shown(&on_disk, Some("+972507654321"), Calls::Inbound).await.contains("דנה לוי"));
    }
}
