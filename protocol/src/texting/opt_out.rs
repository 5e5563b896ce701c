//! The words by which a person stops messages that come by themselves, and takes them up again (WA-6).
//! The whole text must be such a word: "please stop the water" is none.

/// What a text asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptOut {
    /// Nothing more by itself.
    Stop,
    /// Messages by themselves are welcome again.
    Start,
}

/// `cancel`, `end` and `quit` are not among them, although they are in SMS: "cancel" means an appointment.
const STOP: [&str; 16] = [
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "optout",
    "opt out",
    "הסר",
    "הסרה",
    "הסירו",
    "תסיר",
    "תסירו",
    "להסרה",
    "הסר אותי",
    "הסירו אותי",
    "תסירו אותי",
    "עצור",
];
const START: [&str; 9] =
    ["start", "unstop", "subscribe", "optin", "opt in", "הצטרף", "הצטרפות", "להצטרפות", "הצטרפי"];

/// Reads a text. `None`: it asks for neither.
#[must_use]
pub fn opt_out(text: &str) -> Option<OptOut> {
    let is_word = |letter: char| letter.is_alphanumeric();
    let words = text.split(|letter| !is_word(letter)).filter(|word| !word.is_empty());
    let said = words.map(str::to_lowercase).collect::<Vec<_>>().join(" ");
    if STOP.contains(&&*said) {
        Some(OptOut::Stop)
    } else if START.contains(&&*said) {
        Some(OptOut::Start)
    } else {
        None
    }
}
