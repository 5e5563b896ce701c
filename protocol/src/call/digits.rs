//! Keys the caller presses, gathered until `#` or a pause (CALL-8).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::conversation::Body;
use super::ending::Phase;
use super::{Call, Moment, Now};
use crate::response_gate::{Reply, Want};

/// The pause that ends a sequence of keys.
const PAUSE: Duration = Duration::from_millis(1500);

/// Keys kept of one sequence; more are dropped. No number that a caller enters is longer.
const MOST: usize = 64;

/// The keys pressed so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Digits {
    pressed: String,
    pub(super) until: Moment,
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

    /// The keys become one turn of the caller's, as text.
    pub(super) fn on_digits_gathered(&mut self, now: Now) {
        let Some(digits) = self.digits.take() else { return };
        self.silence.reset();
        self.add_entry(Body::Digits(digits.pressed), now);
        self.on_keys_while_ending(now);
        if matches!(self.phase, Phase::Open) {
            self.owe(Want::Answer(Reply::Digits));
        }
    }
}
