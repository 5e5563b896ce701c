//! One message, whole: what fits is counted in UTF-16 units (WA-1).

use practice::openai::TextFault;
use practice::twilio::RestKind;

use super::{Person, questions, says};
use crate::support::{brief_in_writing, virtually, world};

/// As many copies of `text` as have so many UTF-16 units.
fn units(text: &str, count: usize) -> String {
    let each = text.encode_utf16().count();
    assert_eq!(count % each, 0);
    text.repeat(count / each)
}

#[test]
fn wa_1_a_message_of_1600_utf_16_units_goes_out_whole_and_one_of_more_does_not() {
    // A Hebrew letter is one unit; one with a point two; an emoji two; a family of four eleven.
    let family = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466}";
    let (fits, more) = (1_600, 1_602);
    for (text, longest) in
        [("א", fits), ("ש\u{5B8}", fits), ("\u{1F600}", fits), ("e\u{301}", fits), (family, 1_595)]
    {
        let whole = units(text, longest);
        virtually(async {
            let world = world(says(&whole)).await;
            let person = Person::of(&world, 1);
            person.writes("ספרו לי הכול").await;
            assert_eq!(person.gets(1).await, std::slice::from_ref(&whole), "{text:?}");
            assert_eq!(questions(&world).len(), 1);
            assert_eq!(person.conversation().await.needs_person, None);
            world.close().await;
        });
        let too_long = if text == family { units(text, 1_606) } else { units(text, more) };
        virtually(async {
            let world = world(says(&too_long)).await;
            let person = Person::of(&world, 1);
            person.writes("ספרו לי הכול").await;
            assert_eq!(person.gets(1).await, [world.business.lines().too_long], "{text:?}");
            assert_eq!(questions(&world).len(), 4, "the answer, and three shorter ones");
            world.close().await;
        });
    }
}

#[test]
fn wa_1_an_answer_of_1900_characters_is_asked_for_three_times_more_and_never_cut() {
    for faults in 1..=4_usize {
        virtually(async {
            let world = world(brief_in_writing).await;
            let too_long = std::iter::repeat_n(TextFault::TooLong(1_900), faults);
            world.text_model().unwrap().faults().next(too_long);
            let person = Person::of(&world, 1);
            person.writes("ספרו לי הכול").await;
            let got = person.gets(1).await;
            let needs = person.conversation().await.needs_person;
            if faults < 4 {
                assert_eq!(got, ["ספרו לי הכול"], "the shorter one, after {faults}");
                assert_eq!(needs, None);
            } else {
                assert_eq!(got, [world.business.lines().too_long]);
                assert_eq!(needs.as_deref(), Some("too_long"));
            }
            let asked = questions(&world);
            assert_eq!(asked.len(), faults.min(3) + 1);
            // It is told why, each time anew.
            let notes = |body: &serde_json::Value| {
                let items = body["input"].as_array().unwrap().clone();
                items.into_iter().filter(|item| item["role"] == "developer").count()
            };
            assert_eq!(notes(asked.last().unwrap()), faults.min(3));
            assert_eq!(world.carrier.rest_count(RestKind::CreateMessage), 1);
            world.close().await;
        });
    }
}
