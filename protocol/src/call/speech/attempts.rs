//! What becomes of an unserved ask: asked again, and how; a new session; or given up
//! (PIPE-9, PIPE-10). The table is in `docs/asks.md`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::response_gate::Manner;

/// How long to wait before a failed response is asked for again, by the number of failures before.
const RETRY_AFTER: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// How often an ask is repeated at once in one session. Then one new session is tried.
const REPEATS: u8 = 2;

/// The attempts to serve one ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::call) struct Attempts {
    /// Responses without a word. Past [`REPEATS`], the one new session was begun.
    unspoken: u8,
    /// Failures in this session.
    failed: u8,
    manner: Manner,
}

/// Why an ask is unserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::call) enum Unserved {
    /// The response had nothing that can be heard.
    Unspoken,
    /// It spent all its tokens before the first word.
    OutOfTokens,
    /// The content filter stopped it.
    Filtered,
    Failed,
}

/// What is done about it. The greater one counts, if a response carried several asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::call) enum Next {
    /// Ask again after this pause.
    Again(Duration),
    /// Tell the caller that this can't be answered. The call goes on.
    ApologyLine,
    /// Ask again in a new session.
    NewSession,
    /// Give the call up: the caller is put through, or hears the apology.
    GiveUp,
}

impl Attempts {
    pub(in crate::call) fn note_unserved(&mut self, why: Unserved) -> Next {
        self.manner.attempt = self.manner.attempt.saturating_add(1);
        match why {
            Unserved::Filtered => return Next::ApologyLine,
            Unserved::Failed => return self.note_failure(),
            Unserved::Unspoken => {}
            Unserved::OutOfTokens => self.manner.unlimited = true,
        }
        self.manner.must_speak = true;
        if self.unspoken > REPEATS {
            return Next::GiveUp;
        }
        self.unspoken += 1;
        if self.unspoken > REPEATS { Next::NewSession } else { Next::Again(Duration::ZERO) }
    }

    /// Its session is lost before anything was heard. The next session begins anew with failures,
    /// and goes on with responses without a word.
    pub(in crate::call) fn begin_new_session(&mut self) {
        self.failed = 0;
    }

    /// How to ask the next time.
    pub(in crate::call) fn manner(self) -> Manner {
        self.manner
    }

    fn note_failure(&mut self) -> Next {
        match RETRY_AFTER.get(usize::from(self.failed)) {
            Some(pause) => {
                self.failed += 1;
                Next::Again(*pause)
            }
            None => Next::NewSession,
        }
    }
}
