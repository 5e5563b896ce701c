//! The settings of one business: the keys of its file, their defaults, and the rules between them.
//!
//! The application reads the file; `entities` stores the settings as JSON. The doc of each field is the
//! meaning of its key.

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
mod webhooks;
mod whatsapp;
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
pub use validate::{Problem, Rule};
pub use webhooks::{Notify, Webhooks};
pub use whatsapp::{AfterCall, Whatsapp};
pub use zone::{UnknownZone, Zone};

use crate::ids::{PhoneNumber, Slug};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A business file. Fields have the names of its keys; unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusinessSettings {
    /// Identifies the business in commands and URLs. Importing a file with a known slug updates that
    /// business.
    pub slug: Slug,
    /// The name that people use.
    pub name: String,
    /// The telephone numbers by which a call's business is found; at least one.
    pub phone_numbers: Vec<PhoneNumber>,
    /// The number for WhatsApp messages; `None`: no WhatsApp.
    #[serde(default)]
    pub whatsapp_number: Option<PhoneNumber>,
    /// Time zone of its days and hours. Default `Asia/Jerusalem`.
    #[serde(default)]
    pub timezone: Zone,
    /// Language in which a call begins. Default Hebrew.
    #[serde(default)]
    pub language: Language,
    /// How long transcripts and messages are kept. Default 90 days.
    #[serde(default = "default_retention", with = "duration_text")]
    pub retention: Duration,
    /// Model, voice, prompt, turn detection.
    #[serde(default)]
    pub agent: Agent,
    /// The first words of a call.
    #[serde(default)]
    pub greeting: Greeting,
    /// When the caller's speech interrupts the agent's.
    #[serde(default)]
    pub barge_in: BargeInSettings,
    /// How a call ends, and which lead fields are required.
    #[serde(default)]
    pub ending: Ending,
    /// What happens when the caller is silent.
    #[serde(default)]
    pub silence: Silence,
    /// When appointments can be made.
    #[serde(default)]
    pub appointments: Appointments,
    /// Optional lead fields.
    #[serde(default)]
    pub lead: LeadSettings,
    /// Calls placed by the business.
    #[serde(default)]
    pub outbound: Outbound,
    /// The person to whom calls can be transferred; `None`: no transfers.
    #[serde(default)]
    pub transfer: Option<Transfer>,
    /// How written messages are answered.
    #[serde(default)]
    pub whatsapp: Whatsapp,
    /// What a caller hears if no session with OpenAI can be opened.
    #[serde(default)]
    pub apology: Apology,
    /// The receiver of events; `None`: nobody is told.
    #[serde(default)]
    pub webhooks: Option<Webhooks>,
    /// Lines to the owner.
    #[serde(default)]
    pub notify: Notify,
}

/// Why [`BusinessSettings::from_json`] refused a value: serde's error, and the key it is about.
pub type SettingsError = serde_path_to_error::Error<serde_json::Error>;

impl BusinessSettings {
    /// Reads settings from the JSON of a row, or from a file's keys.
    ///
    /// # Errors
    /// [`SettingsError`] if a key, type or value is wrong. Rules between keys are
    /// [`validate`](Self::validate)'s.
    pub fn from_json(settings: serde_json::Value) -> Result<Self, SettingsError> {
        serde_path_to_error::deserialize(settings)
    }

    /// Settings with a default for every key that has one.
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
            whatsapp: Whatsapp::default(),
            apology: Apology::default(),
            webhooks: None,
            notify: Notify::default(),
        }
    }

    /// How a call of this business opens (GREET-1).
    #[must_use]
    pub fn opening(&self) -> OpeningLine {
        self.greeting.opening(&self.language)
    }

    /// The scripted lines: the business's own texts, or its language's defaults.
    #[must_use]
    pub fn lines(&self) -> Lines {
        Lines::of(self)
    }

    /// The lead fields of this business other than [`LeadSettings::OF_EVERY_LEAD`]: the required ones,
    /// then the optional ones, each once.
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

    /// Checks the rules between keys, and those of values that parse.
    ///
    /// # Errors
    /// All [`Problem`]s, in the order of the file's keys.
    pub fn validate(&self) -> Result<(), Vec<Problem>> {
        validate::check(self)
    }

    /// What is allowed and is likely not meant, such as a model that this version does not know.
    #[must_use]
    pub fn notices(&self) -> Vec<Problem> {
        validate::notices(self)
    }
}

fn default_retention() -> Duration {
    90 * DAY
}

#[cfg(test)]
mod tests;
