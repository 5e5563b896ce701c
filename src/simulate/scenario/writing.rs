//! A message that the person writes, in a step.

use practice::twilio::Attached;
use serde::Deserialize;

/// The most deliveries of one message. Twilio repeats a few times at most.
const MAX_DELIVERIES: u32 = 20;

/// A message that the person writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// The words; empty for a file alone.
    pub text: String,
    pub attached: Attachment,
    /// How often the webhook comes, all at once.
    pub deliveries: u32,
}

/// What is sent beside the words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attachment {
    #[default]
    Nothing,
    VoiceNote,
    Picture,
    Location,
    Contact,
}

impl Attachment {
    fn told(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::VoiceNote => " (a voice note)",
            Self::Picture => " (a picture)",
            Self::Location => " (a location)",
            Self::Contact => " (a contact)",
        }
    }
}

impl From<Attachment> for Attached {
    fn from(attachment: Attachment) -> Self {
        match attachment {
            Attachment::Nothing => Self::Nothing,
            Attachment::VoiceNote => Self::Media("audio/ogg".to_owned()),
            Attachment::Picture => Self::Media("image/jpeg".to_owned()),
            Attachment::Location => {
                Self::Location("32.0853".to_owned(), "34.7818".to_owned(), "דיזנגוף 99".to_owned())
            }
            Attachment::Contact => Self::Contact,
        }
    }
}

impl Writing {
    /// The keys `write`, `attached` and `deliveries` of a step.
    ///
    /// # Errors
    /// What is expected in their place.
    pub(super) fn of(
        text: Option<String>,
        attached: Option<Attachment>,
        deliveries: Option<u32>,
    ) -> Result<Option<Self>, String> {
        let Some(text) = text else {
            return match (attached, deliveries) {
                (None, None) => Ok(None),
                (Some(_), _) => Err("attached: it stands beside write only".to_owned()),
                (None, Some(_)) => Err("deliveries: it stands beside write only".to_owned()),
            };
        };
        let (attached, deliveries) = (attached.unwrap_or_default(), deliveries.unwrap_or(1));
        if text.trim().is_empty() && attached == Attachment::Nothing {
            return Err("write: words are expected, or something attached".to_owned());
        }
        if !(1..=MAX_DELIVERIES).contains(&deliveries) {
            return Err(format!("deliveries: a number from 1 to {MAX_DELIVERIES} is expected"));
        }
        Ok(Some(Self { text, attached, deliveries }))
    }

    /// The step in words, for a report.
    pub(super) fn told(&self) -> String {
        format!("write {:?}{}", self.text, self.attached.told())
    }
}
