//! Mistakes that tests plant into Frontdesk, one at a time, to see that they are found.
//!
//! The crates that hold them ask [`planted`] at the place of the mistake, and only with their feature
//! `mistakes`. No build for use has it. What is planted is planted for the current thread: a simulation runs
//! on one. A daemon has several: see [`plant_everywhere`].

#![warn(missing_docs)]

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

macro_rules! mistakes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A mistake as a programmer could make it. Each bites in some situations only.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Mistake {
            $($(#[$doc])* $name,)*
        }

        impl Mistake {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in kebab-case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

mistakes! {
    /// `ResponseGate` does not wait for a response of which nothing has come for a second: it sends a second
    /// `response.create` (invariant 1).
    SecondResponse = "second-response",
    /// `Uplink::take` loses one frame in a hundred (invariant 6).
    LostFrame = "lost-frame",
    /// `Downlink::cut` fences nothing if nothing waits there: late audio of the interrupted response still goes
    /// to Twilio (invariant 10).
    UnfencedCut = "unfenced-cut",
    /// `Call::on_session_lost` hangs up at once during the closing line, though what has arrived of it is still
    /// being played (invariant 2).
    ClippedClosing = "clipped-closing",
    /// The calendar's retry after a database error takes the slot that is free by now, under a key of its own. If
    /// the commit was made and only its answer lost, the tool call has booked twice (invariant 11).
    DoubleBooking = "double-booking",
    /// LeadActor creates the lead of a withheld number in the first business of the list (invariant 13).
    ForeignLead = "foreign-lead",
    /// `HangUpOnce` spawns its request outside the call's tasks. If Twilio does not answer, it outlives the call
    /// (invariant 9).
    LeakedTask = "leaked-task",
    /// CallSupervisor restarts RealtimeActor while the tasks of its predecessor go on (invariant 8).
    EarlyRestart = "early-restart",
    /// `Conversation::interrupt_agent` does not correct an entry that the journal has already: its unheard words
    /// stay (BARGE-6).
    UnheardWords = "unheard-words",
    /// `Call::close_broken_responses` owes the whole greeting again if its session is lost while it is being
    /// spoken (invariant 2).
    SecondGreeting = "second-greeting",
    /// CallActor's successor drops the commands that its predecessor had published and not delivered
    /// (invariant 7).
    ForgottenOutbox = "forgotten-outbox",
    /// A call whose stream is lost keeps its session for five minutes, also while its daemon is cut off from the
    /// database and another one has the call (invariant 18).
    KeptSession = "kept-session",
    /// The silence timer that was paused halfway is not armed again (END-7).
    UnarmedTimer = "unarmed-timer",
    /// `Conversation::finish_round` takes texts that have come since for answered (invariant 30).
    ForgottenText = "forgotten-text",
    /// `TwilioRest::send_message` repeats a request whose result is unknown without a look into Twilio's list
    /// (invariant 31).
    SecondMessage = "second-message",
    /// MessagingActor sees no call that had begun before the text came (invariant 32).
    MessageInCall = "message-in-call",
    /// A written conversation forgets the person's STOP (invariant 34).
    MessageAfterStop = "message-after-stop",
    /// The text model is told the newest messages of the business, whoever they are of (invariant 35).
    ForeignHistory = "foreign-history",
}

thread_local! {
    static PLANTED: Cell<Option<Mistake>> = const { Cell::new(None) };
}

/// The environment variable that names the mistake of a whole process.
pub const VARIABLE: &str = "FRONTDESK_PLANT";

static EVERYWHERE: OnceLock<Mistake> = OnceLock::new();

/// Whether this mistake is planted on the current thread, or in the whole process.
#[must_use]
pub fn planted(mistake: Mistake) -> bool {
    PLANTED.get() == Some(mistake) || EVERYWHERE.get() == Some(&mistake)
}

/// Plants a mistake in every thread of the process, for good. The first one counts.
///
/// ```
/// use mistakes::{Mistake, plant_everywhere, planted};
///
/// plant_everywhere(Mistake::LostFrame);
/// plant_everywhere(Mistake::LeakedTask);
/// let elsewhere = std::thread::spawn(|| planted(Mistake::LostFrame));
/// assert!(matches!(elsewhere.join(), Ok(true)));
/// assert!(!planted(Mistake::LeakedTask));
/// ```
pub fn plant_everywhere(mistake: Mistake) {
    EVERYWHERE.get_or_init(|| mistake);
}

/// Plants a mistake, or none, on the current thread, until what this returns is dropped.
#[must_use = "dropping it at once takes the mistake out again"]
pub fn plant(mistake: impl Into<Option<Mistake>>) -> Planted {
    Planted { before: PLANTED.replace(mistake.into()) }
}

/// A planted mistake. Dropping it brings back what was planted before.
#[derive(Debug)]
pub struct Planted {
    before: Option<Mistake>,
}

impl Drop for Planted {
    fn drop(&mut self) {
        PLANTED.set(self.before);
    }
}

/// No mistake has this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMistake(String);

impl fmt::Display for UnknownMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Mistake::ALL.iter().map(|mistake| mistake.as_str()).collect();
        write!(f, "no mistake is named {:?}; there are {}", self.0, names.join(", "))
    }
}

impl std::error::Error for UnknownMistake {}

impl FromStr for Mistake {
    type Err = UnknownMistake;

    fn from_str(name: &str) -> Result<Self, UnknownMistake> {
        let found = Self::ALL.iter().find(|mistake| mistake.as_str() == name);
        found.copied().ok_or_else(|| UnknownMistake(name.to_owned()))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_planted_on_one_thread_until_its_guard_is_dropped() {
        assert!(!planted(Mistake::LostFrame), "none at first");
        let outer = plant(Mistake::LostFrame);
        {
            let _inner = plant(Mistake::LeakedTask);
            assert!(planted(Mistake::LeakedTask) && !planted(Mistake::LostFrame), "one at a time");
        }
        assert!(planted(Mistake::LostFrame));
        let elsewhere = std::thread::spawn(|| planted(Mistake::LostFrame));
        assert!(matches!(elsewhere.join(), Ok(false)));
        drop(outer);
        assert!(!planted(Mistake::LostFrame));
    }

    #[test]
    fn a_mistake_is_found_by_its_name_in_kebab_case_and_by_no_other() {
        for mistake in Mistake::ALL {
            let name = mistake.as_str();
            assert!(name.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'-'));
            assert_eq!(name.parse(), Ok(*mistake));
        }
        let error = "lost frame".parse::<Mistake>().map_err(|error| error.to_string());
        assert!(error.is_err_and(|text| text.contains("lost-frame, unfenced-cut")));
    }
}
