//! How long texts and lists may be (OPS-12): what is spoken is heard to its end, and every list is looked
//! through in each call.

use super::{Problems, Rule};
use crate::business::BusinessSettings;
use crate::text::Flaw;

/// The longest text that is spoken word for word, in characters: about a minute of speech.
const LONGEST_LINE: usize = 1000;
/// The longest web address, in characters.
const LONGEST_ADDRESS: usize = 2048;
/// The longest name of a model or a voice, in characters.
const LONGEST_MODEL: usize = 200;
/// The longest goodbye or decline phrase, in characters.
const LONGEST_PHRASE: usize = 200;
/// Goodbye and decline phrases of a business, each.
const MOST_PHRASES: usize = 200;
/// Checks of a silent caller, and their texts.
const MOST_WARNINGS: usize = 10;
/// Fields of a lead, required or optional, each.
const MOST_FIELDS: usize = 50;
/// Telephone numbers of a business.
const MOST_NUMBERS: usize = 1000;
/// Days off of a business.
const MOST_DAYS_OFF: usize = 1000;
/// The loudest sample: no frame's RMS is over it.
const LOUDEST: u16 = 32_767;

pub(super) fn check(business: &BusinessSettings, problems: &mut Problems) {
    spoken(business, problems);
    written(business, problems);
    lists(business, problems);
    problems.at_most_of(
        "barge_in.rms_threshold",
        business.barge_in.rms_threshold.unwrap_or_default().into(),
        LOUDEST.into(),
        "that is the loudest that a line can be",
    );
}

/// The texts that the agent or Twilio speaks.
fn spoken(business: &BusinessSettings, problems: &mut Problems) {
    let BusinessSettings { greeting, ending, silence, outbound, transfer, apology, .. } = business;
    let farewell = transfer.as_ref().and_then(|transfer| transfer.text.as_ref());
    for (key, text) in [
        ("greeting.text", greeting.text.as_ref()),
        ("ending.closing_text", ending.closing_text.as_ref()),
        ("ending.decline_text", ending.decline_text.as_ref()),
        ("ending.lead_complete_text", ending.lead_complete_text.as_ref()),
        ("ending.no_response_text", ending.no_response_text.as_ref()),
        ("outbound.machine_text", outbound.machine_text.as_ref()),
        ("transfer.text", farewell),
        ("apology.text", apology.text.as_ref()),
    ] {
        problems.within_length(key, text, LONGEST_LINE);
    }
    let texts = silence.texts.as_deref().unwrap_or_default();
    problems.within_length("silence.texts", texts, LONGEST_LINE);
}

/// The texts that nobody hears.
fn written(business: &BusinessSettings, problems: &mut Problems) {
    let BusinessSettings { agent, greeting, ending, whatsapp, apology, .. } = business;
    for (key, text) in [
        ("greeting.audio_url", greeting.audio_url.as_ref()),
        ("apology.audio_url", apology.audio_url.as_ref()),
    ] {
        problems.within_length(key, text, LONGEST_ADDRESS);
    }
    for (key, text) in [
        ("agent.model", &agent.model),
        ("agent.voice", &agent.voice),
        ("agent.transcription_model", &agent.transcription_model),
        ("whatsapp.model", &whatsapp.model),
    ] {
        problems.within_length(key, [text], LONGEST_MODEL);
    }
    for (key, text) in [
        ("whatsapp.too_long_text", &whatsapp.too_long_text),
        ("whatsapp.media_text", &whatsapp.media_text),
        ("whatsapp.apology_text", &whatsapp.apology_text),
    ] {
        problems.within_length(key, text, LONGEST_LINE);
    }
    for (key, phrases) in [
        ("ending.goodbye_phrases", &ending.goodbye_phrases),
        ("ending.decline_phrases", &ending.decline_phrases),
    ] {
        let phrases = phrases.as_deref().unwrap_or_default();
        problems.within_length(key, phrases, LONGEST_PHRASE);
        problems.at_most(key, phrases.len(), MOST_PHRASES);
    }
}

fn lists(business: &BusinessSettings, problems: &mut Problems) {
    let silence = &business.silence;
    for (key, count, most) in [
        ("phone_numbers", business.phone_numbers.len(), MOST_NUMBERS),
        ("ending.required_lead_fields", business.ending.required_lead_fields.len(), MOST_FIELDS),
        ("silence.texts", silence.texts.as_ref().map_or(0, Vec::len), MOST_WARNINGS),
        ("appointments.days_off", business.appointments.days_off.len(), MOST_DAYS_OFF),
        ("lead.fields", business.lead.fields.len(), MOST_FIELDS),
    ] {
        problems.at_most(key, count, most);
    }
    problems.at_most_of(
        "silence.warnings",
        silence.warnings.into(),
        MOST_WARNINGS,
        "then the call is ended",
    );
}

impl Problems {
    fn within_length<'a>(
        &mut self,
        key: &str,
        texts: impl IntoIterator<Item = &'a String>,
        longest: usize,
    ) {
        let is_long = |text: &String| text.chars().count() > longest;
        if texts.into_iter().any(is_long) {
            self.add(key, Flaw::TooLong(longest));
        }
    }

    fn at_most(&mut self, key: &str, count: usize, most: usize) {
        self.add_if(count > most, key, Rule::TooMany { count, most });
    }

    fn at_most_of(&mut self, key: &str, value: usize, most: usize, why: &'static str) {
        let rule = Rule::Within { least: "0".to_owned(), most: most.to_string(), why };
        self.add_if(value > most, key, rule);
    }
}
