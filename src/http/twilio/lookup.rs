//! What a webhook reads of the database before it answers: with a time limit, since a caller waits.

use std::time::Duration;

use entities::RecordsError;
use entities::businesses::{CallKey, VoiceLookup, find_for_voice};
use protocol::business::{self, BusinessSettings, Language};
use protocol::ids::{BusinessId, PhoneNumber};
use protocol::phone;
use protocol::twilio::forms::Form;
use protocol::twilio::twiml::{Apology, Say, Twiml};
use thiserror::Error;

use super::connect::apology;
use super::state::TwilioState;

/// How long the caller waits for a read. Then comes the apology (CAL-8).
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// Why the business of a call is not known.
#[derive(Debug, Error)]
pub(super) enum LookupError {
    #[error("the database did not answer within {PATIENCE:?}")]
    TooSlow,
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// Finds the business that has the number, with what it knows of the person and of the call.
pub(super) async fn find(
    state: &TwilioState,
    key: CallKey<'_>,
) -> Result<Option<VoiceLookup>, LookupError> {
    let now = state.services.clock.wall();
    let reading = find_for_voice(&state.services.database, key, now);
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(found) => Ok(found?),
        Err(_) => Err(LookupError::TooSlow),
    }
}

/// The business that has `number`: from memory if it is known there.
pub(super) async fn business(state: &TwilioState, number: &PhoneNumber) -> Option<BusinessId> {
    if let Some(listed) = state.directory.find(number) {
        return Some(listed.id);
    }
    let key = CallKey { our_number: number, their_number: None, call: None };
    match find(state, key).await {
        Ok(found) => Some(found?.business.id),
        Err(error) => {
            tracing::error!(%error, "the business of a status could not be read");
            None
        }
    }
}

/// The apology for a call whose business can't be read: its own if it was read before.
pub(super) fn apology_at(state: &TwilioState, number: &PhoneNumber) -> Twiml {
    state.directory.find(number).map_or_else(default_apology, |listed| apology(&listed.settings))
}

/// The apology for a call whose form can't be read: that of the business whose number it names.
pub(super) async fn apology_of(state: &TwilioState, form: &Form) -> Twiml {
    for number in named_numbers(form) {
        if state.directory.find(&number).is_some() {
            return apology_at(state, &number);
        }
        let key = CallKey { our_number: &number, their_number: None, call: None };
        match find(state, key).await {
            Ok(Some(found)) => match BusinessSettings::from_json(found.business.settings) {
                Ok(settings) => return apology(&settings),
                Err(error) => tracing::error!(%error, "settings can't be read"),
            },
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, "the business of a webhook could not be read");
                break;
            }
        }
    }
    default_apology()
}

/// The numbers of a form, that of the business first, as far as the form tells the call's direction.
fn named_numbers(form: &Form) -> impl Iterator<Item = PhoneNumber> {
    let is_outbound = form.get("Direction").is_some_and(|text| text.starts_with("outbound"));
    let ends = if is_outbound { ["From", "To"] } else { ["To", "From"] };
    ends.into_iter().filter_map(|end| phone::as_sent(form.get(end)?, None))
}

/// The apology for a call whose business is not known.
pub(super) fn default_apology() -> Twiml {
    let language = Language::HEBREW;
    let text = business::lines::HEBREW.apology.to_owned();
    business::Apology::default().voice(&language).map_or_else(Twiml::hangup, |voice| {
        Twiml::apology(Apology::Say(Say { voice: voice.voice, language: voice.locale, text }))
    })
}
