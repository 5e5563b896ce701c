//! The apology of a business, as TwiML.

use protocol::business::{BusinessSettings, Lines};
use protocol::twilio::twiml::{Apology, Say, Twiml};

/// A business's apology, to be spoken by Twilio (RES-3).
#[must_use]
pub fn apology(settings: &BusinessSettings, lines: &Lines) -> Twiml {
    let text = lines.apology.clone();
    let said = settings
        .apology
        .voice(&settings.language)
        .map(|voice| Apology::Say(Say { voice: voice.voice, language: voice.locale, text }));
    let played = settings.apology.audio_url.clone().map(|url| Apology::Play { url });
    // A business's file is refused unless one of the two is there.
    played.or(said).map_or_else(Twiml::hangup, Twiml::apology)
}
