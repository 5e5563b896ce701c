//! One tenant's settings: what a business file says, with every default, and what must hold
//! between its keys. Reading a file is the application's; rows are `entities`'.

mod agent;
mod appointments;
mod barge_in;
pub mod duration_text;
mod ending;
mod fallback;
mod greeting;
mod hours;
mod language;
mod lead;
pub mod lines;
mod outbound;
pub mod phrases;
mod silence;
mod validate;
mod zone;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use agent::{Agent, Eagerness, MaxOutputTokens, NoiseReduction, TurnDetection};
pub use appointments::Appointments;
pub use barge_in::{BargeInPreset, BargeInSettings};
pub use ending::{Decider, Ending};
pub use fallback::{Apology, SayVoice, Transfer};
pub use greeting::{Greeting, GreetingMode, OpeningLine};
pub use hours::{InvalidTimeSpan, TimeSpan, WeeklyHours};
pub use language::{InvalidLanguage, Language, Locale};
pub use lead::{LeadSettings, LeadStatus};
pub use lines::Lines;
pub use outbound::{MachineDetection, Outbound};
pub use silence::Silence;
pub use validate::Problem;
pub use zone::{UnknownZone, Zone};

use crate::ids::{PhoneNumber, Slug};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Everything a business decides for itself, key by key as in its file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusinessSettings {
    /// Its name in commands and addresses; importing a file with a known slug updates.
    pub slug: Slug,
    /// Its name as people say it.
    pub name: String,
    /// The numbers it is called on; a call's business is found by them. At least one.
    pub phone_numbers: Vec<PhoneNumber>,
    /// The number it answers WhatsApp on, if it does.
    #[serde(default)]
    pub whatsapp_number: Option<PhoneNumber>,
    /// Where its days and hours are counted. Default `Asia/Jerusalem`.
    #[serde(default)]
    pub timezone: Zone,
    /// The language a call starts in. Default Hebrew.
    #[serde(default)]
    pub language: Language,
    /// How long transcripts and messages are kept. Default 90 days.
    #[serde(default = "default_retention", with = "duration_text")]
    pub retention: Duration,
    /// Who speaks: model, voice, prompt and how turns are heard.
    #[serde(default)]
    pub agent: Agent,
    /// How a call begins.
    #[serde(default)]
    pub greeting: Greeting,
    /// When the caller's speech stops the agent's.
    #[serde(default)]
    pub barge_in: BargeInSettings,
    /// How a call ends, and what must be known before.
    #[serde(default)]
    pub ending: Ending,
    /// What happens when nobody speaks.
    #[serde(default)]
    pub silence: Silence,
    /// When appointments can be made.
    #[serde(default)]
    pub appointments: Appointments,
    /// What is asked of a caller beside the required fields.
    #[serde(default)]
    pub lead: LeadSettings,
    /// How it calls people.
    #[serde(default)]
    pub outbound: Outbound,
    /// The person a call can be handed to, if there is one.
    #[serde(default)]
    pub transfer: Option<Transfer>,
    /// What is heard when no session can be had.
    #[serde(default)]
    pub apology: Apology,
}

impl BusinessSettings {
    /// A business of which nothing is known but what has no default.
    #[must_use]
    pub fn new(slug: Slug, name: impl Into<String>, phone_numbers: Vec<PhoneNumber>) -> Self {
        Self {
            slug,
            name: name.into(),
            phone_numbers,
            whatsapp_number: None,
            timezone: Zone::default(),
            language: Language::default(),
            retention: default_retention(),
            agent: Agent::default(),
            greeting: Greeting::default(),
            barge_in: BargeInSettings::default(),
            ending: Ending::default(),
            silence: Silence::default(),
            appointments: Appointments::default(),
            lead: LeadSettings::default(),
            outbound: Outbound::default(),
            transfer: None,
            apology: Apology::default(),
        }
    }

    /// How a call of this business opens.
    #[must_use]
    pub fn opening(&self) -> OpeningLine {
        self.greeting.opening(&self.language)
    }

    /// Its scripted lines: its own texts, and its language's defaults where it gives none.
    #[must_use]
    pub fn lines(&self) -> Lines {
        Lines::of(self)
    }

    /// The fields a lead of this business can have beside those every lead has: the required ones
    /// first, then its custom ones, each once.
    #[must_use]
    pub fn lead_fields(&self) -> Vec<&str> {
        let mut fields = Vec::<&str>::new();
        for field in self.ending.required_lead_fields.iter().chain(&self.lead.fields) {
            let known = LeadSettings::OF_EVERY_LEAD.contains(&field.as_str());
            if !known && !fields.contains(&field.as_str()) {
                fields.push(field);
            }
        }
        fields
    }

    /// Checks what no single key can say of itself.
    ///
    /// # Errors
    /// Every [`Problem`] there is, in the order of the file's keys.
    pub fn validate(&self) -> Result<(), Vec<Problem>> {
        validate::check(self)
    }
}

fn default_retention() -> Duration {
    90 * DAY
}

#[cfg(test)]
mod tests;
