//! Business files: no text makes the reader panic, an error names a place in the file, and what was read
//! is the same when it is written and read again.

#![no_main]

use std::path::Path;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use protocol::business::BusinessSettings;
use protocol::openai::SessionSettings;
use protocol::prompt::{LeadFacts, PromptParts, system_prompt};
use protocol::twilio::forms::Direction;

use config::business_file::{self, BusinessFileError};
use config::{ConfigError, Located};

/// The daemon's own reader, without the rest of the daemon.
#[allow(dead_code)]
#[path = "../../src/config"]
mod config {
    pub(crate) mod business_file;
    mod error;
    mod located;
    mod words;

    pub(crate) use error::{ConfigError, Located};
}

fuzz_target!(|text: &str| {
    match business_file::parse(Path::new("b.toml"), text) {
        Ok(settings) => use_settings(&settings),
        Err(BusinessFileError::Malformed(ConfigError::InFile(place))) => lies_in(&place, text),
        Err(BusinessFileError::Malformed(error)) => panic!("no file and no variable: {error}"),
        Err(BusinessFileError::Inconsistent(places)) => {
            assert!(!places.is_empty());
            places.iter().for_each(|place| lies_in(place, text));
        }
    }
});

fn use_settings(settings: &BusinessSettings) {
    let written = toml::to_string(settings).expect("settings can be written");
    let read = business_file::parse(Path::new("b.toml"), &written).expect("settings can be read");
    assert_eq!(read, *settings);
    let stored = serde_json::to_value(settings).expect("settings can be stored");
    assert_eq!(serde_json::from_value::<BusinessSettings>(stored).expect("and read"), *settings);

    let prompt = system_prompt(&PromptParts {
        business: settings,
        business_prompt: &settings.agent.prompt,
        direction: Direction::Inbound,
        now: Timestamp::UNIX_EPOCH,
        caller: None,
        lead: &LeadFacts::default(),
        appointments: &[],
        messages: &[],
    });
    let session = SessionSettings::new(settings.clone().into(), prompt.into());
    assert_eq!(session.verify(&session.to_value()), Ok(()));
    let _ = (settings.opening(), settings.lines(), settings.barge_in.policy());
    let _ = settings.apology.voice(&settings.language);
}

fn lies_in(place: &Located, text: &str) {
    assert!(!place.message.is_empty());
    assert!(!place.message.contains('\n'), "{:?}", place.message);
    let line = text.split('\n').nth(place.line - 1).expect("a line of the file");
    assert!((1..=line.chars().count() + 1).contains(&place.column), "{place}");
}
