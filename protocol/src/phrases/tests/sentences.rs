//! Sentences written by somebody who had not read the code: a goodbye, a decline, or neither.

use std::collections::BTreeMap;

use super::*;

/// By language and by what is expected: the sentences, each with a note.
type Sentences = BTreeMap<String, BTreeMap<String, Vec<(String, String)>>>;

#[test]
fn end_4_sentences_of_every_kind_are_read_as_a_person_would() {
    let sentences: Sentences = toml::from_str(include_str!("sentences.toml")).unwrap();
    let phrases = default();
    let (mut wrong, mut read) = (Vec::new(), 0);
    for (expected, text, note) in sentences.values().flatten().flat_map(|(expected, sentences)| {
        sentences.iter().map(move |(text, note)| (expected, text, note))
    }) {
        read += 1;
        let reading = phrases.read(text);
        let fits = match expected.as_str() {
            "goodbye" => matches!(reading, Farewell | Goodbye),
            "decline" => reading == Decline,
            "none" => !matches!(reading, Farewell | Goodbye | Decline),
            other => panic!("{other}"),
        };
        if !fits {
            wrong.push(format!("{expected}, not {reading:?}: {text} ({note})"));
        }
    }
    assert!(read >= 300, "{read} sentences");
    assert!(wrong.is_empty(), "{} of {read}:\n{}", wrong.len(), wrong.join("\n"));
}
