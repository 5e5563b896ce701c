//! What a form has done, in the user's language. The next page says it.

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Done {
    Booked,
    Moved,
    Cancelled,
    LeadSaved,
    LeadErased,
    /// The lead is erased after the call.
    ErasureWaits,
    LeadSeenTo,
    /// The call is being ended.
    HangingUp,
    MessageSent,
    ConversationSeenTo,
    PasswordChanged,
}

impl Done {
    const ALL: [Self; 11] = [
        Self::Booked,
        Self::Moved,
        Self::Cancelled,
        Self::LeadSaved,
        Self::LeadErased,
        Self::ErasureWaits,
        Self::LeadSeenTo,
        Self::HangingUp,
        Self::MessageSent,
        Self::ConversationSeenTo,
        Self::PasswordChanged,
    ];

    /// Its word in the address of the next page.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
            Self::LeadSaved => "lead-saved",
            Self::LeadErased => "lead-erased",
            Self::ErasureWaits => "erasure-waits",
            Self::LeadSeenTo => "lead-seen-to",
            Self::HangingUp => "hanging-up",
            Self::MessageSent => "message-sent",
            Self::ConversationSeenTo => "conversation-seen-to",
            Self::PasswordChanged => "password-changed",
        }
    }

    /// What this word stands for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.word() == word)
    }

    /// The key of its words.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Booked => "done-booked",
            Self::Moved => "done-moved",
            Self::Cancelled => "done-cancelled",
            Self::LeadSaved => "done-lead-saved",
            Self::LeadErased => "done-lead-erased",
            Self::ErasureWaits => "done-erasure-waits",
            Self::LeadSeenTo => "done-lead-seen-to",
            Self::HangingUp => "done-hanging-up",
            Self::MessageSent => "done-message-sent",
            Self::ConversationSeenTo => "done-conversation-seen-to",
            Self::PasswordChanged => "done-password-changed",
        }
    }
}
