//! Digits the caller presses, gathered until `#` or a pause (CALL-8).

use std::time::{Duration, Instant};

use super::conversation::Body;
use super::ending::Phase;
use super::{Call, Now};
use crate::response_gate::{Reply, Want};

/// The pause after which what was pressed is taken as whole.
const PAUSE: Duration = Duration::from_millis(1500);

/// The most digits taken in one go; more are dropped (nothing a caller means is longer).
const MOST: usize = 64;

/// What was pressed so far.
#[derive(Debug, Clone)]
pub(super) struct Digits {
    pressed: String,
    pub(super) until: Instant,
}

impl Call {
    pub(super) fn on_digit(&mut self, digit: char, now: Now) {
        if digit == '#' {
            self.on_digits_gathered(now);
            return;
        }
        let until = now.at + PAUSE;
        let digits = self.digits.get_or_insert_with(|| Digits { pressed: String::new(), until });
        if digits.pressed.len() < MOST {
            digits.pressed.push(digit);
        }
        digits.until = until;
        self.interject_by_keys(now);
    }

    /// What was pressed becomes one turn of the caller, as text.
    pub(super) fn on_digits_gathered(&mut self, now: Now) {
        let Some(digits) = self.digits.take() else { return };
        self.silence.broken();
        self.add_entry(Body::Digits(digits.pressed), now);
        self.on_keys_while_ending(now);
        if matches!(self.phase, Phase::Open) {
            self.owe(Want::Answer(Reply::Digits));
        }
    }
}
