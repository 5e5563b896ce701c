//! Draws the model's habits.

use practice::openai::{Behaviour, SpeechFault, Transcription};

use super::chance::Chance;
use super::troubles::response;

pub(super) fn draw(chance: &mut Chance) -> Behaviour {
    let mut model = Behaviour {
        rtt: chance.ms(2, 150),
        created_after: chance.ms(0, 80),
        first_audio_after: chance.ms(30, 1_200),
        speed: chance.one_of(&[1.5, 3.0, 8.0, 20.0]),
        session_updated_after: chance.ms(0, 400),
        late_deltas: chance.index(6),
        reorders: chance.percent(20),
        unknown_events: chance.percent(20),
        ..Behaviour::default()
    };
    model.transcription = match chance.from(0, 9) {
        0 => Transcription::AfterResponse,
        1 => Transcription::OutOfOrder,
        2 => Transcription::Failed,
        3 => Transcription::Never,
        _ => Transcription::After(chance.ms(20, 1_500)),
    };
    if chance.percent(15) {
        model.preamble = Some("רגע אחד.".to_owned());
    }
    if chance.percent(30) {
        let faults = chance.from(1, 4);
        // Not of each new session: a server that fails every session is not stood.
        model.responses_once = (0..faults).map(|_| response(chance)).collect();
    }
    if chance.percent(20) {
        let turns = chance.from(1, 3);
        model.speech = (0..turns).map(|_| speech(chance)).collect();
    }
    model
}

fn speech(chance: &mut Chance) -> SpeechFault {
    chance.one_of(&[SpeechFault::None, SpeechFault::NeverStops, SpeechFault::CommittedUnstopped])
}
