//! How the daemons of a run and their businesses are set up, where it is not as usual.

use std::time::Duration;

use practice::twilio::Pickup;
use protocol::business::{BusinessSettings, Decider};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Of every business.
    pub max_duration: Option<Duration>,
    /// Whether phrases alone end the calls of every business.
    pub phrases_decide: bool,
    /// Of every daemon.
    pub max_calls: Option<u32>,
    /// Every business is paused.
    pub paused: bool,
    /// What becomes of a transfer.
    pub person: Pickup,
}

impl Default for Setting {
    fn default() -> Self {
        let person = Pickup::Person { talks: TALKS };
        Self { max_duration: None, phrases_decide: false, max_calls: None, paused: false, person }
    }
}

const TALKS: Duration = Duration::from_secs(2);

impl Setting {
    /// The businesses as they are in this run.
    #[must_use]
    pub(in crate::chaos) fn applied_to(
        &self,
        businesses: &[BusinessSettings],
    ) -> Vec<BusinessSettings> {
        let mut businesses = businesses.to_vec();
        if let Some(longest) = self.max_duration {
            businesses.iter_mut().for_each(|it| it.ending.max_duration = longest);
        }
        if self.phrases_decide {
            businesses.iter_mut().for_each(|it| it.ending.decider = Decider::Phrases);
        }
        businesses
    }

    /// In words, if it is unusual.
    pub(super) fn line(&self) -> Option<String> {
        let longest = self.max_duration.map(|it| format!("no call is longer than {it:?}"));
        let most = self.max_calls.map(|it| format!("each daemon takes {it} calls at once"));
        let is_usual = self.person == Self::default().person;
        let person = (!is_usual).then(|| format!("a person to transfer to: {:?}", self.person));
        let phrases = self.phrases_decide.then(|| "phrases end the calls".to_owned());
        let paused = self.paused.then(|| "the businesses are paused".to_owned());
        let parts: Vec<_> =
            [longest, phrases, most, paused, person].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}
