//! The timeline of one response: its steps and the time of each.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::behaviour::LinkFault;
use super::wire::Ids;

/// A step of a response. The session turns it into events and items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Created,
    /// A message begins, spoken or written.
    OpenMessage {
        audio: bool,
    },
    Transcript {
        index: usize,
        words: String,
    },
    Audio {
        index: usize,
        ulaw: Bytes,
    },
    AudioDone {
        index: usize,
    },
    CloseMessage {
        index: usize,
        complete: bool,
    },
    OpenCall {
        name: String,
        call_id: String,
    },
    Arguments {
        index: usize,
        part: String,
    },
    CloseCall {
        index: usize,
        complete: bool,
    },
    /// The session's link fails.
    Lose(LinkFault),
    Done(Ending),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    Completed,
    Cancelled { reason: &'static str },
    Incomplete { reason: String },
    Failed { kind: String, code: Option<String>, message: Option<String> },
}

#[derive(Debug, Clone)]
pub(super) struct Speech {
    pub(super) words: String,
    /// Audio as µ-law; `None` for a text response.
    pub(super) ulaw: Option<Bytes>,
}

/// Steps, each with its time since the response began.
pub(super) type Steps = VecDeque<(Duration, Step)>;

#[derive(Debug, Clone)]
pub(super) struct Pace {
    pub(super) first_audio_after: Duration,
    /// Relative to real time.
    pub(super) speed: f64,
    /// The length of audio after which the response ends, and the reason.
    pub(super) limit: Option<(Duration, String)>,
    /// How much speech the transcript is ahead of the audio.
    pub(super) transcript_ahead: Duration,
    /// The transcript comes behind the audio instead of ahead of it.
    pub(super) transcript_last: bool,
}

/// Makes the timeline: messages, function calls, end.
pub(super) fn lay_out(
    speeches: &[Speech],
    calls: &[(String, String)],
    pace: &Pace,
    ids: &mut Ids,
) -> Steps {
    let mut layout = Layout {
        steps: VecDeque::from([(Duration::ZERO, Step::Created)]),
        at: pace.first_audio_after,
        pace: pace.clone(),
        spoken: 0,
        cut: None,
    };
    let last = speeches.len().saturating_sub(1);
    for (index, speech) in speeches.iter().enumerate() {
        layout.message(index, speech, index < last, ids);
        if layout.cut.is_some() {
            break;
        }
    }
    if layout.cut.is_none() {
        for (n, (name, arguments)) in calls.iter().enumerate() {
            layout.call(speeches.len() + n, name, arguments, ids);
        }
    }
    let ending =
        layout.cut.take().map_or(Ending::Completed, |reason| Ending::Incomplete { reason });
    layout.push(Step::Done(ending));
    layout.steps
}

/// The number of steps up to and including this length of audio, but without the end.
pub(super) fn steps_until(steps: &Steps, audio: Duration) -> usize {
    let wanted = audio.as_millis() as usize * 8;
    let mut bytes = 0;
    let mut count = 0;
    for (_, step) in steps {
        if matches!(step, Step::Done(_)) || (count > 0 && bytes >= wanted) {
            break;
        }
        if let Step::Audio { ulaw, .. } = step {
            bytes += ulaw.len();
        }
        count += 1;
    }
    count
}

struct Layout {
    steps: Steps,
    at: Duration,
    pace: Pace,
    /// Bytes of µ-law so far.
    spoken: usize,
    cut: Option<String>,
}

impl Layout {
    fn push(&mut self, step: Step) {
        self.steps.push_back((self.at, step));
    }

    fn message(&mut self, index: usize, speech: &Speech, more_follows: bool, ids: &mut Ids) {
        self.push(Step::OpenMessage { audio: speech.ulaw.is_some() });
        let words: Vec<&str> = speech.words.split_inclusive(' ').collect();
        let Some(ulaw) = &speech.ulaw else {
            for words in words {
                self.push(Step::Transcript { index, words: words.to_owned() });
            }
            self.push(Step::CloseMessage { index, complete: true });
            return;
        };
        let chunks = self.chunks(ulaw, ids);
        let ahead =
            usize::try_from(self.pace.transcript_ahead.as_millis() * 8).unwrap_or(usize::MAX);
        let (mut told, mut bytes) = (0, 0_usize);
        for (n, chunk) in chunks.iter().enumerate() {
            bytes += chunk.len();
            // With the last piece of audio all words have come, also if it is cut short.
            let reached =
                if n + 1 == chunks.len() { ulaw.len() } else { bytes.saturating_add(ahead) };
            let until = (words.len() * reached.min(ulaw.len())).div_ceil(ulaw.len().max(1));
            if told < until && !self.pace.transcript_last {
                self.push(Step::Transcript { index, words: words[told..until].concat() });
                told = until;
            }
            self.push(Step::Audio { index, ulaw: chunk.clone() });
            let lasts = Duration::from_micros(chunk.len() as u64 * 125);
            self.at += lasts.div_f64(self.pace.speed.max(0.1));
            if n == 0 && index > 0 {
                // Some servers end an item's audio only after the next one's has begun.
                self.push(Step::AudioDone { index: index - 1 });
            }
        }
        if self.pace.transcript_last && self.cut.is_none() {
            self.push(Step::Transcript { index, words: speech.words.clone() });
        }
        // An incomplete message gets its `done` when it is closed.
        if !more_follows && self.cut.is_none() {
            self.push(Step::AudioDone { index });
        }
        self.push(Step::CloseMessage { index, complete: self.cut.is_none() });
    }

    /// Splits audio into chunks of varying size, up to the limit.
    fn chunks(&mut self, ulaw: &Bytes, ids: &mut Ids) -> Vec<Bytes> {
        let mut rest = ulaw.clone();
        if let Some((limit, reason)) = &self.pace.limit {
            let room = (limit.as_millis() as usize * 8).saturating_sub(self.spoken);
            if room < rest.len() {
                rest.truncate(room);
                self.cut = Some(reason.clone());
            }
        }
        self.spoken += rest.len();
        let mut chunks = Vec::new();
        while !rest.is_empty() {
            let size = ids.number(300..4000);
            chunks.push(rest.split_to(size.min(rest.len())));
        }
        chunks
    }

    fn call(&mut self, index: usize, name: &str, arguments: &str, ids: &mut Ids) {
        self.push(Step::OpenCall { name: name.to_owned(), call_id: ids.next("call_") });
        let letters: Vec<char> = arguments.chars().collect();
        for part in letters.chunks(12) {
            self.push(Step::Arguments { index, part: part.iter().collect() });
        }
        self.push(Step::CloseCall { index, complete: true });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(limit: Option<(Duration, String)>) -> Steps {
        with_transcript_ahead(Duration::ZERO, limit)
    }

    fn with_transcript_ahead(ahead: Duration, limit: Option<(Duration, String)>) -> Steps {
        let speech = |words: &str, bytes: usize| Speech {
            words: words.to_owned(),
            ulaw: Some(vec![0xFF; bytes].into()),
        };
        let pace = Pace {
            first_audio_after: Duration::from_millis(100),
            speed: 4.0,
            limit,
            transcript_ahead: ahead,
            transcript_last: false,
        };
        let calls = [("book".to_owned(), "{\"at\":\"ten o'clock\"}".to_owned())];
        let speeches = [speech("one moment ", 8000), speech("here it is", 16_000)];
        lay_out(&speeches, &calls, &pace, &mut Ids::new(7))
    }

    fn bytes(steps: &Steps) -> usize {
        steps
            .iter()
            .map(|(_, s)| if let Step::Audio { ulaw, .. } = s { ulaw.len() } else { 0 })
            .sum()
    }

    #[test]
    fn prac_3_audio_comes_faster_than_real_time_in_pieces_of_uneven_size() {
        let steps = laid_out(None);
        assert_eq!(bytes(&steps), 24_000);
        let (last, _) = steps.back().unwrap();
        assert_eq!(*last, Duration::from_millis(100 + 3000 / 4));
        let sizes: Vec<usize> = steps
            .iter()
            .filter_map(
                |(_, s)| if let Step::Audio { ulaw, .. } = s { Some(ulaw.len()) } else { None },
            )
            .collect();
        assert!(sizes.iter().any(|size| size % 160 != 0), "{sizes:?}");
        assert!(steps.iter().is_sorted_by_key(|(at, _)| *at));
    }

    #[test]
    fn prac_3_the_first_items_audio_is_done_only_after_the_seconds_has_begun() {
        let steps = laid_out(None);
        let at =
            |wanted: &dyn Fn(&Step) -> bool| steps.iter().position(|(_, s)| wanted(s)).unwrap();
        let done = at(&|s| *s == Step::AudioDone { index: 0 });
        assert!(done > at(&|s| matches!(s, Step::Audio { index: 1, .. })));
    }

    #[test]
    fn prac_3_the_transcript_is_ahead_of_the_audio_by_so_much_speech() {
        let told_before_audio = |ahead| {
            let steps = with_transcript_ahead(Duration::from_millis(ahead), None);
            let is_audio = |step: &Step| matches!(step, Step::Audio { index: 0, .. });
            let first = steps.iter().position(|(_, step)| is_audio(step)).unwrap();
            let mut later = steps.iter().skip(first);
            !later.any(|(_, step)| matches!(step, Step::Transcript { index: 0, .. }))
        };
        assert!(told_before_audio(60_000), "all words come before the audio");
        assert!(!told_before_audio(0), "they come with the audio");
    }

    #[test]
    fn prac_3_a_limit_cuts_the_audio_and_what_would_follow() {
        let steps = laid_out(Some((Duration::from_millis(1500), "max_output_tokens".into())));
        assert_eq!(bytes(&steps), 12_000);
        assert!(!steps.iter().any(|(_, s)| matches!(s, Step::OpenCall { .. })));
        let incomplete = Ending::Incomplete { reason: "max_output_tokens".into() };
        assert_eq!(steps.back().unwrap().1, Step::Done(incomplete));
    }
}
