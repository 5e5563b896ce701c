//! Every key of a business's settings: on which page, with which control, and who may change it.

use strum::IntoEnumIterator as _;

/// A page of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Section {
    Business,
    Agent,
    Greeting,
    BargeIn,
    Ending,
    Silence,
    Appointments,
    Lead,
    Outbound,
    Transfer,
    Whatsapp,
    Apology,
    /// Who is told of what: webhooks, and lines to the owner.
    Notices,
}

impl Section {
    /// All, in the order of the index.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// Its word in addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Agent => "agent",
            Self::Greeting => "greeting",
            Self::BargeIn => "barge-in",
            Self::Ending => "ending",
            Self::Silence => "silence",
            Self::Appointments => "appointments",
            Self::Lead => "lead",
            Self::Outbound => "outbound",
            Self::Transfer => "transfer",
            Self::Whatsapp => "whatsapp",
            Self::Apology => "apology",
            Self::Notices => "notices",
        }
    }

    /// The section with this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::iter().find(|section| section.word() == word)
    }

    /// The keys of its name and of the sentence below it.
    #[must_use]
    pub fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Business => ("section-business", "section-business-text"),
            Self::Agent => ("section-agent", "section-agent-text"),
            Self::Greeting => ("section-greeting", "section-greeting-text"),
            Self::BargeIn => ("section-barge-in", "section-barge-in-text"),
            Self::Ending => ("section-ending", "section-ending-text"),
            Self::Silence => ("section-silence", "section-silence-text"),
            Self::Appointments => ("section-appointments", "section-appointments-text"),
            Self::Lead => ("section-lead", "section-lead-text"),
            Self::Outbound => ("section-outbound", "section-outbound-text"),
            Self::Transfer => ("section-transfer", "section-transfer-text"),
            Self::Whatsapp => ("section-whatsapp", "section-whatsapp-text"),
            Self::Apology => ("section-apology", "section-apology-text"),
            Self::Notices => ("section-notices", "section-notices-text"),
        }
    }

    pub(crate) fn name_key(self) -> &'static str {
        self.texts().0
    }

    pub(crate) fn text_key(self) -> &'static str {
        self.texts().1
    }
}

/// What a value is entered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Line,
    /// Words in several lines.
    Lines,
    /// A name of a model, an address, a number as text.
    Code,
    /// A telephone number.
    Phone,
    Integer,
    Decimal,
    /// As in `7s` or `90days`.
    Duration,
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Texts, one a line.
    List,
    /// Telephone numbers, one a line.
    Phones,
    /// Dates, one a line.
    Dates,
    /// `"inf"` or a number.
    Limit,
    /// The prompt has a page of its own, and the hours are a grid.
    Elsewhere,
}

/// Who may change a key (CON-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Business,
    /// It costs money or trust.
    Admin,
    /// It names the business.
    Nobody,
}

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub section: Section,
    /// As in the business's file.
    pub path: &'static str,
    pub kind: Kind,
    pub owner: Owner,
}

impl Key {
    /// The key of its name in the texts; with `-help` that of its help, with a choice's word that of the choice.
    #[must_use]
    pub fn text(&self) -> String {
        format!("set-{}", self.path.replace(['.', '_'], "-"))
    }

    /// The key of a choice's words.
    #[must_use]
    pub fn choice_text(&self, word: &str) -> String {
        format!("{}-{}", self.text(), word.replace('_', "-"))
    }
}

macro_rules! keys {
    ($($section:ident { $($path:literal $kind:expr, $owner:ident;)+ })+) => {
        /// Every key, in the order of its page.
        pub const KEYS: &[Key] = &[$($(
            Key { section: Section::$section, path: $path, kind: $kind, owner: Owner::$owner },
        )+)+];
    };
}

use Kind::{
    Choice, Code, Dates, Decimal, Duration, Elsewhere, Integer, Limit, Line, Lines, List, Phone,
    Phones, Switch,
};

keys! {
    Business {
        "slug" Code, Nobody;
        "name" Line, Business;
        "phone_numbers" Phones, Admin;
        "whatsapp_number" Phone, Admin;
        "timezone" Code, Business;
        "language" Code, Business;
        "retention" Duration, Business;
    }
    Agent {
        "agent.prompt" Elsewhere, Business;
        "agent.model" Code, Admin;
        "agent.voice" Code, Business;
        "agent.speed" Decimal, Business;
        "agent.turn_detection" Choice(&["server_vad", "semantic_vad"]), Business;
        "agent.silence_duration" Duration, Business;
        "agent.vad_threshold" Decimal, Business;
        "agent.prefix_padding" Duration, Business;
        "agent.eagerness" Choice(&["auto", "low", "medium", "high"]), Business;
        "agent.noise_reduction" Choice(&["off", "near_field", "far_field"]), Business;
        "agent.max_output_tokens" Limit, Business;
        "agent.transcription_model" Code, Admin;
        "agent.transcription_language" Code, Business;
        "agent.transcription_keywords" List, Business;
    }
    Greeting {
        "greeting.mode" Choice(&["realtime", "play", "none"]), Business;
        "greeting.text" Lines, Business;
        "greeting.audio_url" Code, Business;
        "greeting.bot_speaks_first" Switch, Business;
        "greeting.protected" Switch, Business;
    }
    BargeIn {
        "barge_in.preset" Choice(&["patient", "balanced", "instant", "off"]), Business;
        "barge_in.rms_threshold" Integer, Business;
        "barge_in.min_speech" Duration, Business;
        "barge_in.guard" Duration, Business;
        "barge_in.cooldown" Duration, Business;
        "barge_in.resume_false_interruption" Switch, Business;
    }
    Ending {
        "ending.decider" Choice(&["model", "phrases", "both"]), Business;
        "ending.auto_end_on_goodbye" Switch, Business;
        "ending.auto_end_after_lead_capture" Switch, Business;
        "ending.closing_text" Lines, Business;
        "ending.decline_text" Lines, Business;
        "ending.lead_complete_text" Lines, Business;
        "ending.no_response_text" Lines, Business;
        "ending.hangup_delay" Duration, Business;
        "ending.phrase_wait" Duration, Business;
        "ending.max_duration" Duration, Business;
        "ending.goodbye_phrases" List, Business;
        "ending.decline_phrases" List, Business;
    }
    Silence {
        "silence.timeout" Duration, Business;
        "silence.warnings" Integer, Business;
        "silence.texts" List, Business;
    }
    Appointments {
        "appointments.hours" Elsewhere, Business;
        "appointments.length" Duration, Business;
        "appointments.slot_step" Duration, Business;
        "appointments.buffer" Duration, Business;
        "appointments.min_notice" Duration, Business;
        "appointments.horizon" Duration, Business;
        "appointments.days_off" Dates, Business;
    }
    Lead {
        "ending.required_lead_fields" List, Business;
        "lead.fields" List, Business;
    }
    Outbound {
        "outbound.machine_detection" Choice(&["off", "hang_up", "leave_message"]), Business;
        "outbound.machine_text" Lines, Business;
    }
    Transfer {
        "transfer.number" Phone, Admin;
        "transfer.text" Lines, Business;
    }
    Whatsapp {
        "whatsapp.model" Code, Admin;
        "whatsapp.settle" Duration, Business;
        "whatsapp.after_call" Choice(&["off", "lead", "appointment"]), Business;
        "whatsapp.too_long_text" Lines, Business;
        "whatsapp.media_text" Lines, Business;
        "whatsapp.apology_text" Lines, Business;
    }
    Apology {
        "apology.text" Lines, Business;
        "apology.audio_url" Code, Business;
        "apology.say_voice" Code, Business;
    }
    Notices {
        "notify.sms_to" Phone, Business;
        "notify.whatsapp_to" Phone, Business;
        "notify.sms_from" Phone, Admin;
        "notify.whatsapp_template" Code, Admin;
        "webhooks.url" Code, Admin;
        "webhooks.events" List, Admin;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use protocol::business::{BusinessSettings, Transfer, Webhooks};
    use protocol::ids::{PhoneNumber, Slug};
    use serde_json::Value;

    use super::*;

    fn paths(prefix: &str, value: &Value, found: &mut BTreeSet<String>) {
        let keys = value.as_object().filter(|_| prefix != "appointments.hours");
        let Some(keys) = keys else {
            found.insert(prefix.to_owned());
            return;
        };
        for (key, value) in keys {
            let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            paths(&path, value, found);
        }
    }

    #[test]
    fn con_3_every_setting_of_a_business_has_its_field() {
        let number = PhoneNumber::parse("+97231234567").unwrap();
        let mut settings =
            BusinessSettings::new(Slug::parse("a").unwrap(), "a", vec![number.clone()]);
        settings.transfer = Some(Transfer { number, text: None });
        // The secret is no field: it is written by the business's file, and never shown.
        let url = "https://example.com/".to_owned();
        settings.webhooks = Some(Webhooks { url, secret: None, events: Vec::new() });
        let mut of_type = BTreeSet::new();
        paths("", &serde_json::to_value(settings).unwrap(), &mut of_type);
        let of_table: BTreeSet<String> = KEYS.iter().map(|key| key.path.to_owned()).collect();
        assert_eq!(of_type, of_table);
    }

    #[test]
    fn con_2_what_costs_money_or_trust_is_the_admins() {
        let owned: Vec<_> =
            KEYS.iter().filter(|it| it.owner == Owner::Admin).map(|it| it.path).collect();
        for path in [
            "phone_numbers",
            "whatsapp_number",
            "agent.model",
            "whatsapp.model",
            "transfer.number",
            "webhooks.url",
        ] {
            assert!(owned.contains(&path), "{path}");
        }
    }
}
