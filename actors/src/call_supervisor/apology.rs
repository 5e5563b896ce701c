//! A business's apology as TwiML.

use protocol::business::{BusinessSettings, Lines};
use protocol::twilio::twiml::{Apology, Say, Twiml};

/// The apology that Twilio speaks or plays (RES-3).
#[must_use]
pub fn apology(settings: &BusinessSettings, lines: &Lines) -> Twiml {
    let text = lines.apology.clone();
    let said = settings
        .apology
        .voice(&settings.language)
        .map(|voice| Apology::Say(Say { voice: voice.voice, language: voice.locale, text }));
    let played = settings.apology.audio_url.clone().map(|url| Apology::Play { url });
    // The settings' check demands one of the two.
    played.or(said).map_or_else(Twiml::hangup, Twiml::apology)
}
