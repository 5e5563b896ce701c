//! What can happen in a story.

use proptest::prelude::*;

#[derive(Debug, Clone)]
pub(super) enum Step {
    Stream(u8),
    StreamGone(u8, bool),
    SessionUp,
    SessionDown(bool),
    CallerSpeaks(bool),
    Turn(u8),
    EndlessTurn(u8),
    CallerQuiet,
    Words(u8, u8),
    Field(bool),
    Respond(bool),
    Unserved(u8),
    Speak,
    Played,
    TalkedOver(u16),
    Control(u8),
    Digit(char),
    Transfer,
    TransferEnds(Option<bool>),
    Status,
    Operator,
    RecordingFails,
    Shutdown,
    HangUpAnswered,
    Later(u16),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    // What ends a call at once is rare, or nothing else would be seen.
    prop_oneof![
        4 => (0u8..3).prop_map(Step::Stream),
        1 => (0u8..3, any::<bool>()).prop_map(|(n, stop)| Step::StreamGone(n, stop)),
        4 => Just(Step::SessionUp),
        2 => prop_oneof![4 => Just(false), 1 => Just(true)].prop_map(Step::SessionDown),
        10 => any::<bool>().prop_map(Step::CallerSpeaks),
        10 => (0u8..20).prop_map(Step::Turn),
        2 => (0u8..20).prop_map(Step::EndlessTurn),
        2 => Just(Step::CallerQuiet),
        10 => (0u8..20, 0u8..6).prop_map(|(turn, words)| Step::Words(turn, words)),
        3 => any::<bool>().prop_map(Step::Field),
        20 => any::<bool>().prop_map(Step::Respond),
        6 => (0u8..4).prop_map(Step::Unserved),
        20 => Just(Step::Speak),
        10 => Just(Step::Played),
        3 => (0u16..3).prop_map(Step::TalkedOver),
        8 => (0u8..5).prop_map(Step::Control),
        2 => Just(Step::Transfer),
        4 => proptest::option::of(any::<bool>()).prop_map(Step::TransferEnds),
        4 => prop_oneof![4 => Just('7'), 1 => Just('#')].prop_map(Step::Digit),
        1 => Just(Step::Status),
        1 => Just(Step::Operator),
        1 => Just(Step::RecordingFails),
        3 => Just(Step::Shutdown),
        2 => Just(Step::HangUpAnswered),
        10 => (0u16..20_000).prop_map(Step::Later),
        10 => (0u16..2_000).prop_map(Step::Later),
    ]
}
