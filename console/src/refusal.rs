//! Why a form was not carried out, in the user's language.

/// The reason. The API's errors have the same, as words for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Refusal {
    Past,
    TooSoon,
    TooFar,
    Closed,
    OutsideHours,
    BetweenSlots,
    Taken,
    /// The clocks skip that time.
    SkippedTime,
    /// The clocks show that time twice.
    DoubledTime,
    NoTime,
    NoDate,
    NoNumber,
    NoEmail,
    /// Too long, or with signs that nobody sees.
    BadText,
    /// The appointment is over.
    Over,
    Cancelled,
    /// The key of the form has booked something else.
    OtherBooking,
    /// Another user, or the person in a call, has changed it since the form was shown.
    ChangedMeanwhile,
    /// A decided lead does not become open again.
    Decided,
    NoSender,
    WindowClosed,
    TooManyMessages,
    BadMessage,
    CallOver,
    NotRunning,
    Stopping,
    Busy,
    Internal,
}

impl Refusal {
    /// What an error of the API says, by its code and by the field that it names.
    #[must_use]
    pub fn of_code(code: &str, field: Option<&str>) -> Self {
        match (code, field) {
            ("in_the_past", _) => Self::Past,
            ("too_soon", _) => Self::TooSoon,
            ("too_far", _) => Self::TooFar,
            ("closed", _) => Self::Closed,
            ("outside_hours", _) => Self::OutsideHours,
            ("no_such_slot", _) => Self::BetweenSlots,
            ("taken", _) => Self::Taken,
            ("skipped_by_the_clocks", _) => Self::SkippedTime,
            ("twice_on_the_clocks" | "foreign_offset", _) => Self::DoubledTime,
            ("missing_argument" | "unreadable_date", _) => Self::NoTime,
            ("bad_number", _) => Self::NoNumber,
            ("bad_value", Some("email")) => Self::NoEmail,
            ("bad_value", Some(name)) if name.split('_').any(|part| part == "phone") => {
                Self::NoNumber
            }
            ("bad_value" | "wrong_argument" | "unstorable" | "unknown_field", _) => Self::BadText,
            ("appointment_is_over", _) => Self::Over,
            ("cancelled_since", _) => Self::Cancelled,
            ("idempotency_key_reused" | "booked_otherwise", _) => Self::OtherBooking,
            ("decided", _) => Self::Decided,
            ("no_sender", _) => Self::NoSender,
            ("window_closed", _) => Self::WindowClosed,
            ("too_many_messages", _) => Self::TooManyMessages,
            ("bad_field", _) => Self::BadMessage,
            ("call_over", _) => Self::CallOver,
            ("not_running", _) => Self::NotRunning,
            ("stopping", _) => Self::Stopping,
            ("busy" | "database_busy" | "database_file", _) => Self::Busy,
            _ => Self::Internal,
        }
    }

    /// The key of its words.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Past => "refused-past",
            Self::TooSoon => "refused-too-soon",
            Self::TooFar => "refused-too-far",
            Self::Closed => "refused-closed",
            Self::OutsideHours => "refused-outside-hours",
            Self::BetweenSlots => "refused-between-slots",
            Self::Taken => "refused-taken",
            Self::SkippedTime => "refused-skipped-time",
            Self::DoubledTime => "refused-doubled-time",
            Self::NoTime => "refused-no-time",
            Self::NoDate => "refused-no-date",
            Self::NoNumber => "refused-no-number",
            Self::NoEmail => "refused-no-email",
            Self::BadText => "refused-bad-text",
            Self::Over => "refused-over",
            Self::Cancelled => "refused-cancelled",
            Self::OtherBooking => "refused-other-booking",
            Self::ChangedMeanwhile => "refused-changed-meanwhile",
            Self::Decided => "refused-decided",
            Self::NoSender => "refused-no-sender",
            Self::WindowClosed => "refused-window-closed",
            Self::TooManyMessages => "refused-too-many-messages",
            Self::BadMessage => "refused-bad-message",
            Self::CallOver => "refused-call-over",
            Self::NotRunning => "refused-not-running",
            Self::Stopping => "refused-stopping",
            Self::Busy => "refused-busy",
            Self::Internal => "refused-internal",
        }
    }
}
