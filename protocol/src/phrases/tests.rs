//! What callers say, and how it is read.

mod sentences;

use super::Reading::{Courtesy, Decline, Farewell, Goodbye, Other, Wordless};
use super::*;

fn default() -> Arc<Phrases> {
    Phrases::of(&Ending::default())
}

fn all_read(sentences: &[(&str, Reading)]) {
    let phrases = default();
    let wrong: Vec<_> = (sentences.iter())
        .map(|(text, reading)| (*text, *reading, phrases.read(text)))
        .filter(|(_, wanted, read)| wanted != read)
        .collect();
    assert!(wrong.is_empty(), "(sentence, wanted, read): {wrong:#?}");
}

#[test]
fn end_4_a_goodbye_is_the_last_words_of_a_turn_and_courtesies_and_names_may_follow() {
    all_read(&[
        ("ביי", Farewell),
        ("ביי ביי", Farewell),
        ("ביי-ביי!", Farewell),
        ("להתראות", Farewell),
        ("לְהִתְרָאוֹת", Farewell),
        ("להתראות.", Farewell),
        ("יאללה ביי", Farewell),
        ("יאללה, ביי!", Farewell),
        ("יום טוב, להתראות", Farewell),
        ("לילה טוב להתראות", Farewell),
        ("ביי, תודה רבה", Farewell),
        ("ביי תודה", Farewell),
        ("זהו, תודה, ביי.", Farewell),
        ("סיימנו, תודה", Farewell),
        ("תודה רבה, להתראות, יום נעים", Farewell),
        ("תודה ולהתראות", Farewell),
        ("ביי דנה", Farewell),
        ("תודה, ביי דנה, יום טוב", Farewell),
        ("בייי, ביי", Goodbye),
        ("קבענו ליום ראשון בעשר, תודה וביי, ביי", Goodbye),
        ("טוב אני צריך לזוז ביי", Goodbye),
        ("אני אתקשר מחר. להתראות!", Goodbye),
        ("Bye", Farewell),
        ("BYE!", Farewell),
        ("ｂｙｅ", Farewell),
        ("bye-bye", Farewell),
        ("Goodbye.", Farewell),
        ("\"Goodbye.\"", Farewell),
        ("Okay, thanks, bye", Farewell),
        ("Thank you so much, goodbye, have a nice day!", Farewell),
        ("Bye, Dana Cohen", Farewell),
        ("See you later", Farewell),
        ("Great, talk to you later, take care", Farewell),
        ("I have everything I need, bye now", Goodbye),
        ("I'll call again tomorrow. See you!", Goodbye),
        ("I have to run bye", Goodbye),
    ]);
}

#[test]
fn end_4_a_part_of_a_word_a_question_a_name_or_a_verb_is_no_goodbye() {
    all_read(&[
        ("בייבי", Other),
        ("זה בשביל הבייבי", Other),
        ("maybe", Other),
        ("Maybe, I'm not sure", Other),
        ("I'll see you Monday at ten, is that fine?", Other),
        ("I'll see you then is that fine", Other),
        ("I'll see you Monday", Other),
        ("להתראות ביום ראשון בעשר", Other),
        ("My shop is called \"Goodbye\"", Other),
        ("My shop is called Goodbye", Other),
        ("The sign says 'goodbye', and the door is stuck", Other),
        ("החנות נקראת \"להתראות\"", Other),
        ("קוראים לחנות \"ביי ביי\"", Other),
        ("She said goodbye", Other),
        ("We need a lock for the goodbye party", Other),
        ("Bye the way, what does it cost", Other),
        ("Goodbye is the name of the song, what else", Other),
        ("ביי, רגע", Other),
        ("ביי? כבר?", Other),
        ("Bye?", Other),
        ("ביי, מתי אתם פתוחים?", Other),
        ("when will I see you", Other),
        ("I would like to see you", Other),
        ("Nice to see you", Other),
        ("אני רוצה להתראות", Other),
        ("עוד לא סיימנו תודה", Other),
        ("Stand by", Other),
        ("the bye-laws", Other),
        ("להתראות לא אמרתי", Other),
    ]);
}

#[test]
fn end_4_who_says_goodbye_to_whom_decides_in_any_order_gender_and_person() {
    all_read(&[
        ("I'll say goodbye now", Goodbye),
        ("okay I'll say goodbye", Goodbye),
        ("I just wanted to say goodbye", Goodbye),
        ("let me say bye", Goodbye),
        ("I have to say goodbye to you, bye", Goodbye),
        ("I didn't want to say goodbye", Other),
        ("I'll say goodbye to him", Other),
        ("I wanted to tell her bye", Other),
        ("I'll tell you tomorrow bye", Goodbye),
        ("thanks for telling me bye", Goodbye),
        ("thank you for saying that, bye", Goodbye),
        ("say hi to your manager bye", Goodbye),
        ("I told him I can't make it bye", Goodbye),
        ("he's not coming so I'll call again bye", Goodbye),
        ("all the best bye", Farewell),
        ("it's all good bye", Farewell),
        ("they told us goodbye", Other),
        ("what she said was goodbye", Other),
        ("this is not a goodbye", Other),
        ("that was no goodbye", Other),
        ("wave grandma goodbye", Other),
        ("he was like bye", Other),
        ("אני אגיד להתראות", Goodbye),
        ("רציתי רק להגיד לך ביי", Goodbye),
        ("אני אומרת לכם להתראות", Goodbye),
        ("אני אומרת לה להתראות", Other),
        ("תודה שאמרת לי ביי", Goodbye),
        ("תודה לכם להתראות", Farewell),
        ("לא רוצה את זה ביי", Goodbye),
        ("אין לי זמן ביי", Goodbye),
        ("היא לא נמצאת ביי", Goodbye),
        ("אני חייבת לזוז ביי", Goodbye),
        ("לא רציתי להגיד ביי", Other),
        ("שלא תגידי לי ביי", Other),
        ("למה שאגיד ביי", Other),
        ("הבן שלי כתב ביי", Other),
        ("הן תמיד אומרות להתראות", Other),
        ("תמסרו להם להתראות", Other),
        ("וכשאמרת ביי", Other),
        ("זה לא ביי", Other),
        ("זה עדיין לא ביי", Other),
        ("ביי אמרתי", Other),
        ("ביי אמרה", Other),
        ("לא ביי", Farewell),
    ]);
}

#[test]
fn end_4_no_thanks_alone_declines_and_with_a_goodbye_it_is_a_goodbye() {
    all_read(&[
        ("לא צריך", Decline),
        ("לא צריך, תודה", Decline),
        ("לא, אני לא מעוניין", Decline),
        ("אין צורך.", Decline),
        ("עזוב, תודה", Decline),
        ("לֹא רוֹצֶה", Decline),
        ("No thanks", Decline),
        ("No, thanks!", Decline),
        ("I'm really not interested, thank you", Decline),
        ("no need", Decline),
        ("לא צריך, ביי", Farewell),
        ("לא צריך ביי", Farewell),
        ("לא צריך להתראות", Farewell),
        ("No thanks, bye", Farewell),
        ("לא רוצה כלום ממכם, ביי", Goodbye),
        ("לא צריך מנעול, צריך מפתח", Other),
        ("לא עכשיו, מחר בבוקר", Other),
        ("No need for a locksmith, I need a key", Other),
        ("לא צריך?", Other),
        ("no", Other),
        ("לא", Other),
    ]);
}

#[test]
fn end_6_thanks_alone_is_courtesy_and_a_turn_without_words_says_nothing() {
    all_read(&[
        ("תודה", Courtesy),
        ("תודה רבה, גם לך", Courtesy),
        ("אוקיי, תודה", Courtesy),
        ("Thanks, you too", Courtesy),
        ("Thank you very much.", Courtesy),
        ("thanks?", Other),
        ("תודה, אבל מה המחיר", Other),
        ("", Wordless),
        (" … ", Wordless),
        ("\u{200f}", Wordless),
    ]);
}

#[test]
fn end_4_a_list_of_ones_own_replaces_the_default_one_and_words_are_never_cut() {
    let own = Ending {
        goodbye_phrases: Some(vec!["Ciao, bella".into(), "ＣＩＡＯ".into(), "!".into()]),
        decline_phrases: Some(vec!["nein danke".into()]),
        ..Ending::default()
    };
    let phrases = Phrases::of(&own);
    assert_eq!(phrases.read("va bene, ciao"), Goodbye);
    assert_eq!(phrases.read("ciao bella"), Farewell);
    assert_eq!(phrases.read("I am off, see you"), Other);
    assert_eq!(phrases.read("Nein, danke!"), Decline);
    assert_eq!(phrases.read("not interested"), Other);
    assert_eq!(phrases.read("ciaobella"), Other);
}

#[test]
fn end_4_final_letters_tell_words_apart() {
    let own = Ending { goodbye_phrases: Some(vec!["שלומ".into()]), ..Ending::default() };
    assert_eq!(Phrases::of(&own).read("דיברנו, שלום"), Other);
    assert!(matches!(Phrases::of(&own).read("דיברנו, שלומ"), Farewell | Goodbye));
}

#[test]
fn end_3_a_reply_that_says_goodbye_or_lets_the_caller_go_politely_needs_no_line_after_it() {
    let phrases = default();
    let (hebrew, english) = (&crate::business::lines::HEBREW, &crate::business::lines::ENGLISH);
    for polite in [
        hebrew.closing,
        hebrew.decline,
        english.closing,
        english.decline,
        "אין בעיה. אני כאן אם צריך משהו נוסף.",
        "Goodbye, have a lovely day!",
    ] {
        assert!(phrases.closes_politely(polite), "{polite}");
    }
    for open in ["באיזו עיר?", "אין בעיה, באיזו עיר?", "I have written that down.", ""]
    {
        assert!(!phrases.closes_politely(open), "{open}");
    }
}

#[test]
fn res_7_calls_share_the_default_phrases_and_have_a_business_own() {
    assert!(Arc::ptr_eq(&default(), &default()));
    let own = Ending { goodbye_phrases: Some(vec!["over".to_owned()]), ..Ending::default() };
    assert!(!Arc::ptr_eq(&Phrases::of(&own), &default()));
    assert_eq!(Phrases::of(&own).read("over"), Farewell);
}
