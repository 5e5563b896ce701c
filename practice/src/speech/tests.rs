//! Voice and decoder together.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

const HEBREW: &str = "שלום, הגעתם למנעולי תל אביב. איך אפשר לעזור?";

fn said(text: &str) -> Utterance {
    Voice::built_in().speak(text, "he")
}

/// What a decoder reports of these frames and a long silence after them.
fn heard(frames: &[Bytes]) -> Vec<Decoded> {
    let mut decoder = SpeechDecoder::new();
    let mut all: Vec<Decoded> = frames.iter().flat_map(|frame| decoder.decode(frame)).collect();
    for _ in 0..=SpeechDecoder::PATIENCE / FRAME_BYTES as u64 {
        all.extend(decoder.decode(&SILENCE));
    }
    all.retain(|heard| !matches!(heard, Decoded::Started { .. }));
    all
}

fn fault(frames: &[Bytes]) -> Fault {
    match heard(frames).as_slice() {
        [Decoded::Broken { fault, .. }] => *fault,
        other => panic!("one broken utterance expected, not {other:?}"),
    }
}

#[test]
fn prac_2_hebrew_is_heard_as_it_was_spoken() {
    let utterance = said(HEBREW);
    let mut decoder = SpeechDecoder::new();
    decoder.decode(&SILENCE);
    let heard = decoder.decode(utterance.ulaw());
    let to_sample = 160 + utterance.ulaw().len() as u64;
    assert_eq!(
        heard,
        [
            Decoded::Started { from_sample: 160 },
            Decoded::Utterance { text: HEBREW.to_owned(), from_sample: 160, to_sample }
        ]
    );
}

#[test]
fn prac_2_the_same_text_said_twice_is_two_utterances() {
    let voice = Voice::built_in();
    let (first, second) = (voice.speak("כן", "he"), voice.speak("כן", "he"));
    assert_ne!(first.id(), second.id());
    let frames: Vec<Bytes> = first.frames().chain(second.frames()).collect();
    assert_eq!(heard(&frames).len(), 2);
    assert!(
        heard(&frames).iter().all(|h| matches!(h, Decoded::Utterance { text, .. } if text == "כן"))
    );
}

#[test]
fn prac_2_speech_has_the_length_and_loudness_of_speech_and_is_never_quiet_for_long() {
    for voice in [Voice::built_in(), Voice::detect()] {
        for text in ["כן", HEBREW, "I need a smart lock, please. Can you come at 10:30?"] {
            let utterance = voice.speak(text, if text.is_ascii() { "en" } else { "he" });
            let letters = text.chars().count() as f64;
            let per_letter = utterance.duration().as_secs_f64() * 1000.0 / letters;
            assert!((40.0..=230.0).contains(&per_letter), "{text}: {per_letter} ms a letter");
            let quiet: Vec<bool> = utterance.frames().map(|frame| rms(&frame) <= 400.0).collect();
            let share = quiet.iter().filter(|&&quiet| quiet).count() as f64 / quiet.len() as f64;
            assert!(share <= 0.2, "{text}: {share} of the frames are quiet");
            let pauses = quiet.split(|&quiet| !quiet).map(<[bool]>::len).max();
            assert!(pauses <= Some(2), "{text}: quiet for {pauses:?} frames");
            let loudest = utterance.frames().map(|frame| rms(&frame)).fold(0.0, f64::max);
            assert!(loudest < 8000.0, "{text}: {loudest} is shouting");
        }
    }
}

#[tokio::test]
async fn prac_2_a_prepared_text_sounds_like_an_unprepared_one() {
    let (prepared, at_once) = (Voice::detect(), Voice::detect());
    prepared.prepare(HEBREW, "he").await;
    let sound = |voice: &Voice| -> Vec<u8> {
        voice.speak(HEBREW, "he").ulaw().iter().map(|sample| sample | 1).collect()
    };
    assert_eq!(sound(&prepared), sound(&at_once));
}

#[test]
fn prac_2_the_words_in_the_low_bits_are_too_quiet_to_hear() {
    let utterance = said(HEBREW);
    let without: Vec<u8> = utterance.ulaw().iter().map(|sample| sample | 1).collect();
    let difference: f64 = utterance
        .ulaw()
        .iter()
        .zip(&without)
        .map(|(a, b)| f64::from(mulaw::decode(*a) - mulaw::decode(*b)).powi(2))
        .sum();
    let noise = (difference / without.len() as f64).sqrt();
    assert!(noise < rms(utterance.ulaw()) / 12.0, "{noise} of {}", rms(utterance.ulaw()));
}

#[test]
fn prac_2_an_utterance_that_stops_early_is_cut_off_and_the_words_heard_are_reported() {
    let text = "one two three four five six seven eight";
    let utterance = said(text);
    let half: Vec<Bytes> = utterance.frames().take(utterance.frames().len() / 2).collect();
    let [Decoded::Broken { text_so_far, fault, frames_heard, total_frames, .. }] =
        &heard(&half)[..]
    else {
        panic!("not broken")
    };
    assert_eq!((text_so_far.as_str(), *fault), ("one two three four", Fault::CutOff));
    assert_eq!(usize::from(*frames_heard), half.len());
    assert_eq!(usize::from(*total_frames), utterance.frames().len());
}

#[test]
fn prac_2_an_utterance_that_stops_in_the_middle_of_a_frame_is_cut_off_and_not_altered() {
    let utterance = said("one two three four five six seven eight");
    for cut_at in [1, 15, 16, 17, 80, 144, 158, 159] {
        let ulaw = &utterance.ulaw()[..40 * FRAME_BYTES + cut_at];
        assert_eq!(fault(&[Bytes::copy_from_slice(ulaw)]), Fault::CutOff, "{cut_at}");
    }
    // If frames follow, the speaker was not cut off there.
    let mut frames: Vec<Bytes> = utterance.frames().collect();
    let mut broken = frames[40].to_vec();
    broken[80..].fill(SILENCE[0]);
    frames[40] = broken.into();
    assert_eq!(fault(&frames), Fault::Altered);
}

#[test]
fn prac_2_an_utterance_cut_off_by_another_is_reported_before_the_other() {
    let (first, second) = (said("the first one is long enough"), said("second"));
    let frames: Vec<Bytes> = first.frames().take(20).chain(second.frames()).collect();
    let heard = heard(&frames);
    assert!(matches!(&heard[0], Decoded::Broken { fault: Fault::CutOff, .. }), "{heard:?}");
    assert!(matches!(&heard[1], Decoded::Utterance { text, .. } if text == "second"), "{heard:?}");
}

#[test]
fn prac_2_an_utterance_with_a_pause_is_decoded_whole() {
    let utterance = said(HEBREW);
    let silence = Bytes::from_static(&SILENCE);
    let (mut frames, rest): (Vec<_>, Vec<_>) = {
        let all: Vec<Bytes> = utterance.frames().collect();
        (all[..30].to_vec(), all[30..].to_vec())
    };
    frames.extend(std::iter::repeat_n(silence.clone(), 40));
    frames.extend(rest.clone());
    assert!(matches!(&heard(&frames)[..], [Decoded::Utterance { text, .. }] if text == HEBREW));

    // Longer than the decoder's patience: it reports "cut off", and then the whole utterance.
    frames.splice(30..30, std::iter::repeat_n(silence, 40));
    let heard = heard(&frames);
    assert!(matches!(&heard[0], Decoded::Broken { fault: Fault::CutOff, .. }), "{heard:?}");
    assert!(matches!(&heard[1], Decoded::Utterance { text, .. } if text == HEBREW), "{heard:?}");
}

#[test]
fn prac_2_finish_reports_the_current_utterance() {
    let utterance = said(HEBREW);
    let mut decoder = SpeechDecoder::new();
    decoder.decode(&utterance.ulaw()[..utterance.ulaw().len() - FRAME_BYTES]);
    assert_eq!(
        decoder.partial().map(|partial| partial.frames_heard + 1),
        decoder.partial().map(|partial| partial.total_frames)
    );
    assert!(matches!(decoder.finish()[..], [Decoded::Broken { fault: Fault::CutOff, .. }]));
    assert!(decoder.finish().is_empty());
}

#[test]
fn prac_2_a_lost_frame_whose_place_was_filled_with_silence_is_lost() {
    let mut frames: Vec<Bytes> = said(HEBREW).frames().collect();
    frames[10] = Bytes::from_static(&SILENCE);
    assert_eq!(fault(&frames), Fault::Lost);
}

#[test]
fn prac_2_the_last_frame_twice_is_noticed_after_the_utterance_was_whole() {
    let mut frames: Vec<Bytes> = said("כן").frames().collect();
    frames.extend(frames.last().cloned());
    let heard = heard(&frames);
    assert!(matches!(&heard[0], Decoded::Utterance { .. }), "{heard:?}");
    assert!(matches!(&heard[1], Decoded::Broken { fault: Fault::Doubled, .. }), "{heard:?}");
    assert_eq!(heard.len(), 2);
}

#[test]
fn prac_2_empty_text_has_no_frames_and_noise_has_no_words() {
    assert_eq!(said("").frames().len(), 0);
    let noise: Vec<u8> =
        (0..16_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert!(SpeechDecoder::new().decode(&noise).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn prac_2_any_text_in_any_chunking_at_any_offset_is_heard(
        text in "[a-zא-ת ,.?]{1,60}",
        offset in 0_usize..400,
        chunks in prop::collection::vec(1_usize..700, 1..20),
    ) {
        let utterance = said(&text);
        let mut stream = vec![0xFF; offset];
        stream.extend_from_slice(utterance.ulaw());
        stream.extend_from_slice(&SILENCE);
        let mut decoder = SpeechDecoder::new();
        let mut heard = Vec::new();
        let mut from = 0;
        for size in chunks.iter().cycle() {
            let until = stream.len().min(from + size);
            heard.extend(decoder.decode(&stream[from..until]));
            from = until;
            if from == stream.len() { break; }
        }
        let from_sample = offset as u64;
        let to_sample = from_sample + utterance.ulaw().len() as u64;
        prop_assert_eq!(heard, [
            Decoded::Started { from_sample },
            Decoded::Utterance { text, from_sample, to_sample },
        ]);
        prop_assert_eq!(decoder.position(), stream.len() as u64);
    }

    #[test]
    fn prac_2_a_lost_frame_breaks_the_transcript(at in 0_usize..60) {
        let mut frames: Vec<Bytes> = said(HEBREW).frames().collect();
        frames.remove(at);
        prop_assert_eq!(fault(&frames), Fault::Lost);
    }

    #[test]
    fn prac_2_a_doubled_frame_breaks_the_transcript(at in 0_usize..60) {
        let mut frames: Vec<Bytes> = said(HEBREW).frames().collect();
        frames.insert(at, frames[at].clone());
        prop_assert_eq!(fault(&frames), Fault::Doubled);
    }

    #[test]
    fn prac_2_two_swapped_frames_break_the_transcript(at in 0_usize..60, by in 1_usize..40) {
        let mut frames: Vec<Bytes> = said(HEBREW).frames().collect();
        frames.swap(at, at + by);
        prop_assert_eq!(fault(&frames), Fault::Swapped);
    }

    #[test]
    fn prac_2_an_altered_sample_breaks_the_transcript(
        at in 1_usize..60,
        sample in 0_usize..FRAME_BYTES,
        change in 1_u8..=255,
    ) {
        let mut frames: Vec<Bytes> = said(HEBREW).frames().collect();
        let mut altered = frames[at].to_vec();
        altered[sample] ^= change;
        frames[at] = altered.into();
        prop_assert_eq!(fault(&frames), Fault::Altered);
    }

    #[test]
    fn prac_2_a_few_samples_missing_break_the_transcript(at in 1_usize..60, keep in 0_usize..FRAME_BYTES) {
        let mut frames: Vec<Bytes> = said(HEBREW).frames().collect();
        frames[at].truncate(keep);
        prop_assert_eq!(fault(&frames), Fault::Lost);
    }
}
