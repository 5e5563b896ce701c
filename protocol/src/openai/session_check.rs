//! Compares a session in force with the one that was requested (CALL-4). With the server's default
//! audio format a caller would hear static.

use serde_json::Value;
use thiserror::Error;

use super::session::SessionSettings;

/// The paths that are compared. One that was not requested (of the other kind of turn detection) is
/// skipped.
const CHECKED: [&str; 11] = [
    "audio.input.format.type",
    "audio.output.format.type",
    "audio.output.voice",
    "audio.input.turn_detection.type",
    "audio.input.turn_detection.threshold",
    "audio.input.turn_detection.prefix_padding_ms",
    "audio.input.turn_detection.silence_duration_ms",
    "audio.input.turn_detection.eagerness",
    "audio.input.turn_detection.create_response",
    "audio.input.turn_detection.interrupt_response",
    "audio.input.turn_detection.idle_timeout_ms",
];

/// The server may store numbers as 32-bit floats: 0.3 comes back as 0.30000001192.
const TOLERANCE: f64 = 1e-4;

/// The first difference between the session requested and the session in force.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("session.{field}: asked for {asked}, got {got}")]
pub struct SessionMismatch {
    /// Path inside the session object, `audio.output.voice` for one.
    pub field: &'static str,
    /// The value requested.
    pub asked: Value,
    /// The value in force; `null` if the server does not say.
    pub got: Value,
}

impl SessionSettings {
    /// Compares these settings with the `session` of a `session.updated`: both audio formats, the
    /// voice and all of turn detection.
    ///
    /// # Errors
    /// [`SessionMismatch`] names the first field that differs.
    pub fn verify(&self, effective: &Value) -> Result<(), SessionMismatch> {
        let wanted = serde_json::json!({ "audio": self.audio() });
        for field in CHECKED {
            let Some(asked) = at(&wanted, field) else { continue };
            let got = at(effective, field).unwrap_or(&Value::Null);
            if !same(asked, got) {
                return Err(SessionMismatch { field, asked: asked.clone(), got: got.clone() });
            }
        }
        Ok(())
    }
}

fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |inner, key| inner.get(key))
}

fn same(asked: &Value, got: &Value) -> bool {
    match (asked.as_f64(), got.as_f64()) {
        (Some(asked), Some(got)) => (asked - got).abs() < TOLERANCE,
        // Documented: eagerness "auto" is the same as "medium".
        _ => asked == got || (asked == "auto" && got == "medium"),
    }
}

#[cfg(test)]
mod tests;
