use serde_json::{Value, json};

use super::*;

pub(super) fn business() -> BusinessSettings {
    BusinessSettings::new(
        Slug::parse("tel-aviv-locks").unwrap(),
        "מנעולי תל אביב",
        vec![PhoneNumber::parse("+97231234567").unwrap()],
    )
}

fn minimal() -> Value {
    json!({
        "slug": "tel-aviv-locks", "name": "מנעולי תל אביב", "phone_numbers": ["+97231234567"]
    })
}

/// The minimal business with `value` at `key`.
fn with(key: &str, value: Value) -> Result<BusinessSettings, serde_json::Error> {
    let mut file = minimal();
    let mut place = &mut file;
    for part in key.split('.') {
        place = &mut place[part];
    }
    *place = value;
    serde_json::from_value(file)
}

fn problems(settings: &BusinessSettings) -> Vec<String> {
    settings.validate().err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn everything_but_slug_name_and_numbers_has_a_default_and_the_defaults_are_valid() {
    let read: BusinessSettings = serde_json::from_value(minimal()).unwrap();
    assert_eq!(read, business());
    assert_eq!(read.validate(), Ok(()));
    for key in ["slug", "name", "phone_numbers"] {
        let mut file = minimal();
        file.as_object_mut().unwrap().remove(key);
        let error = serde_json::from_value::<BusinessSettings>(file).unwrap_err().to_string();
        assert!(error.contains(&format!("missing field `{key}`")), "{error}");
    }
}

#[test]
fn the_defaults_are_those_of_the_specification() {
    let defaults = serde_json::to_value(business()).unwrap();
    let expected = json!({
        "timezone": "Asia/Jerusalem", "language": "he", "retention": "90days",
        "agent": {
            "model": "gpt-realtime-2.1", "voice": "marin", "prompt": "",
            "max_output_tokens": "inf", "speed": 1.0, "turn_detection": "server_vad",
            "vad_threshold": 0.5, "prefix_padding": "300ms", "silence_duration": "500ms",
            "eagerness": "auto", "noise_reduction": "off",
            "transcription_model": "gpt-transcribe", "transcription_language": "",
            "transcription_keywords": [],
        },
        "greeting": {
            "mode": "realtime", "text": null, "audio_url": null, "bot_speaks_first": true,
            "protected": true,
        },
        "barge_in": {
            "preset": "patient", "rms_threshold": null, "min_speech": null, "guard": null,
            "cooldown": null, "resume_false_interruption": false,
        },
        "ending": {
            "decider": "model", "auto_end_on_goodbye": true, "auto_end_after_lead_capture": true,
            "required_lead_fields": [], "closing_text": null, "decline_text": null,
            "lead_complete_text": null, "no_response_text": null, "hangup_delay": "1s",
            "phrase_wait": "0ms", "max_duration": "15m", "goodbye_phrases": null,
            "decline_phrases": null,
        },
        "silence": {"timeout": "7s", "warnings": 2, "texts": null},
        "appointments": {
            "slot_step": "30m", "length": "30m", "buffer": "0ms", "min_notice": "2h",
            "horizon": "60days", "days_off": [],
            "hours": {
                "sunday": [], "monday": [], "tuesday": [], "wednesday": [], "thursday": [],
                "friday": [], "saturday": [],
            },
        },
        "lead": {"fields": []},
        "outbound": {"machine_detection": "off", "machine_text": null},
        "transfer": null,
        "apology": {"text": null, "audio_url": null, "say_voice": null},
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&defaults[key], value, "{key}");
    }
    let again: BusinessSettings = serde_json::from_value(defaults).unwrap();
    assert_eq!(again, business());
}

#[test]
fn an_unknown_key_is_refused_in_every_section() {
    for section in
        ["agent", "greeting", "barge_in", "ending", "silence", "appointments", "lead", "apology"]
    {
        let error = with(&format!("{section}.surprise"), json!(1)).unwrap_err().to_string();
        assert!(error.contains("unknown field `surprise`"), "{section}: {error}");
    }
    assert!(with("surprise", json!(1)).is_err());
    let transfer = json!({"number": "+972501112233", "surprise": 1});
    assert!(with("transfer", transfer).is_err());
    assert!(with("appointments.hours.sun", json!(["09:00-13:00"])).is_err());
}

#[test]
fn a_value_outside_its_key_s_set_is_refused() {
    for (key, value) in [
        ("timezone", json!("Asia/Atlantis")),
        ("language", json!("he-IL")),
        ("retention", json!(90)),
        ("agent.turn_detection", json!("none")),
        ("agent.eagerness", json!("very")),
        ("agent.noise_reduction", json!("on")),
        ("greeting.mode", json!("both")),
        ("barge_in.preset", json!("eager")),
        ("barge_in.rms_threshold", json!(-1)),
        ("ending.decider", json!("caller")),
        ("silence.timeout", json!("7")),
        ("appointments.days_off", json!(["25.12.2026"])),
        ("appointments.hours.sunday", json!(["9-13"])),
        ("transfer", json!({"number": "0501112233"})),
    ] {
        assert!(with(key, value.clone()).is_err(), "{key} = {value}");
    }
}

#[test]
fn each_problem_names_its_key_and_says_what_to_do() {
    for (key, value, advice) in [
        ("name", json!(" "), "give it a text"),
        ("phone_numbers", json!([]), "at least one number"),
        ("phone_numbers", json!(["+97231234567", "+97231234567"]), "each once"),
        ("retention", json!("0s"), "more than 0"),
        ("agent.model", json!(""), "give it a text"),
        ("agent.speed", json!(1.6), "from 0.25 to 1.5"),
        ("agent.vad_threshold", json!(1.1), "from 0 to 1"),
        ("agent.silence_duration", json!("0ms"), "more than 0"),
        ("greeting.text", json!(""), "leave the key out"),
        ("greeting.audio_url", json!("hello.mp3"), "http:// or https://"),
        ("ending.required_lead_fields", json!(["city", "city"]), "each once"),
        ("ending.required_lead_fields", json!(["the city"]), "as in \"service_category\""),
        ("ending.closing_text", json!("  "), "leave the key out"),
        ("ending.max_duration", json!("0s"), "more than 0"),
        ("ending.goodbye_phrases", json!(["bye", " !"]), "take it out"),
        ("silence.timeout", json!("0s"), "more than 0"),
        ("silence.texts", json!([]), "warnings = 0"),
        ("silence.texts", json!(["hello?", ""]), "give it words"),
        ("appointments.slot_step", json!("0m"), "more than 0"),
        ("appointments.horizon", json!("1h"), "longer than min_notice"),
        ("appointments.hours.sunday", json!(["12:00-18:00", "09:00-13:00"]), "one span"),
        ("lead.fields", json!([""]), "as in \"service_category\""),
        ("apology.audio_url", json!("https://"), "http:// or https://"),
    ] {
        let found = problems(&with(key, value.clone()).unwrap());
        let [problem] = found.as_slice() else { panic!("{key} = {value}: {found:?}") };
        assert!(problem.starts_with(&format!("{key}: ")), "{key} = {value}: {problem}");
        assert!(problem.contains(advice), "{key} = {value}: {problem}");
    }
}

#[test]
fn greet_1_play_without_a_recording_is_refused() {
    let settings = with("greeting.mode", json!("play")).unwrap();
    let [problem] = &problems(&settings)[..] else { panic!("one problem") };
    assert!(problem.starts_with("greeting.audio_url: is missing"), "{problem}");
}

#[test]
fn call_10_a_call_is_never_transferred_back_to_the_business() {
    let settings = with("transfer", json!({"number": "+97231234567"})).unwrap();
    assert!(problems(&settings)[0].starts_with("transfer.number: "));
}

#[test]
fn end_5_a_language_without_default_lines_gives_every_one_of_its_own() {
    let mut settings = with("transfer", json!({"number": "+972501112233"})).unwrap();
    settings.language = Language::parse("fr").unwrap();
    let keys: Vec<_> =
        settings.validate().unwrap_err().into_iter().map(|problem| problem.key).collect();
    assert_eq!(
        keys,
        [
            "greeting.text",
            "ending.closing_text",
            "ending.decline_text",
            "ending.lead_complete_text",
            "ending.no_response_text",
            "silence.texts",
            "transfer.text",
            "apology.text",
            "apology.say_voice",
        ]
    );

    let own = || Some("…bonjour…".to_owned());
    settings.greeting.text = own();
    settings.ending.closing_text = own();
    settings.ending.decline_text = own();
    settings.ending.lead_complete_text = own();
    settings.ending.no_response_text = own();
    settings.silence.texts = Some(vec!["Allô ?".into()]);
    settings.transfer.as_mut().unwrap().text = own();
    settings.apology.text = own();
    settings.apology.say_voice = Some("Google.fr-FR-Wavenet-A".into());
    assert_eq!(settings.validate(), Ok(()));
}

#[test]
fn what_is_never_said_needs_no_text() {
    let mut settings = business();
    settings.language = Language::parse("fr").unwrap();
    settings.greeting.mode = GreetingMode::None;
    settings.silence.warnings = 0;
    settings.apology.audio_url = Some("https://example.com/sorry.mp3".into());
    let found = problems(&settings);
    for key in ["greeting.text", "silence.texts", "apology.text", "apology.say_voice"] {
        assert!(!found.iter().any(|problem| problem.starts_with(key)), "{key}: {found:?}");
    }
}

#[test]
fn end_8_the_fields_of_a_lead_are_the_required_ones_then_the_custom_ones_each_once() {
    let mut settings = business();
    settings.ending.required_lead_fields =
        ["full_name", "city", "service_category"].map(str::to_owned).to_vec();
    settings.lead.fields = vec!["floor".into(), "city".into()];
    assert_eq!(settings.lead_fields(), ["city", "service_category", "floor"]);
}

/// A text that is one character too long.
fn too_long(most: usize) -> Value {
    json!("ש".repeat(most + 1))
}

#[test]
fn ops_12_every_text_and_list_of_a_business_has_a_limit() {
    let many = |count: usize, of: fn(usize) -> Value| Value::Array((0..count).map(of).collect());
    let day = |n: usize| {
        let day = jiff::civil::date(2027, 1, 1).saturating_add(jiff::Span::new().days(n as i64));
        json!(day.to_string())
    };
    for (key, value, expected) in [
        ("greeting.text", too_long(1000), "longer than 1000 characters"),
        ("ending.closing_text", too_long(1000), "longer than 1000 characters"),
        ("ending.decline_text", too_long(1000), "longer than 1000 characters"),
        ("ending.lead_complete_text", too_long(1000), "longer than 1000 characters"),
        ("ending.no_response_text", too_long(1000), "longer than 1000 characters"),
        ("silence.texts", json!(["?", too_long(1000)]), "longer than 1000 characters"),
        ("outbound.machine_text", too_long(1000), "longer than 1000 characters"),
        ("apology.text", too_long(1000), "longer than 1000 characters"),
        ("agent.model", too_long(200), "longer than 200 characters"),
        ("agent.voice", json!(format!("custom:{}", "x".repeat(200))), "longer than 200"),
        ("agent.transcription_model", too_long(200), "longer than 200 characters"),
        (
            "greeting.audio_url",
            json!(format!("https://a.b/{}", "x".repeat(2048))),
            "longer than 2048 characters",
        ),
        ("apology.audio_url", json!(format!("https://a.b/{}", "x".repeat(2048))), "2048"),
        ("ending.goodbye_phrases", json!([too_long(200)]), "longer than 200 characters"),
        ("ending.decline_phrases", many(201, |n| json!(format!("no {n}"))), "may hold 200"),
        ("ending.required_lead_fields", many(51, |n| json!(format!("f{n}"))), "may hold 50"),
        ("lead.fields", many(51, |n| json!(format!("f{n}"))), "holds 51 entries, and may hold 50"),
        ("silence.texts", many(11, |n| json!(format!("{n}?"))), "may hold 10"),
        ("silence.warnings", json!(11), "must be from 0 to 10"),
        ("appointments.days_off", many(1001, day), "may hold 1000"),
        ("phone_numbers", many(1001, |n| json!(format!("+9723{:07}", n))), "may hold 1000"),
        ("barge_in.rms_threshold", json!(40_000), "must be from 0 to 32767"),
        ("barge_in.guard", json!("1m"), "must be from 1ms to 10s"),
        ("barge_in.min_speech", json!("11s"), "must be from 1ms to 10s"),
        ("barge_in.cooldown", json!("1h"), "must be from 1ms to 10s"),
        ("agent.prefix_padding", json!("11s"), "must be from 1ms to 10s"),
        ("appointments.min_notice", json!("366days"), "must be from 1m to 365days"),
    ] {
        let mut business = with(key, value).unwrap();
        if key == "appointments.min_notice" {
            business.appointments.horizon = Duration::from_hours(24 * 400);
        }
        let told = problems(&business);
        let found =
            told.iter().any(|one| one.starts_with(&format!("{key}: ")) && one.contains(expected));
        assert!(found, "{key}: {told:?}");
        assert!(told.iter().all(|one| one.len() < 300), "the text is not repeated: {told:?}");
    }
    for (key, value) in [
        ("greeting.text", json!("ש".repeat(1000))),
        ("silence.warnings", json!(10)),
        ("barge_in.rms_threshold", json!(32_767)),
        ("barge_in.cooldown", json!("0s")),
        ("barge_in.guard", json!("10s")),
    ] {
        assert_eq!(with(key, value).unwrap().validate(), Ok(()), "{key}");
    }
}

#[test]
fn ops_12_an_appointment_that_fits_into_no_opening_is_refused() {
    for (length, hours, fits) in [
        ("10h", json!({"sunday": ["09:00-13:00", "14:00-18:00"]}), false),
        ("4h", json!({"sunday": ["09:00-13:00", "14:00-18:00"]}), true),
        ("241m", json!({"sunday": ["09:00-13:00"]}), false),
        ("10h", json!({"sunday": ["09:00-13:00"], "monday": ["08:00-18:00"]}), true),
        ("24h", json!({"sunday": ["00:00-24:00"]}), true),
        // Nothing is booked at all, and no tool is offered.
        ("10h", json!({}), true),
    ] {
        let mut business = with("appointments.hours", hours.clone()).unwrap();
        business.appointments.length = duration_of(length);
        let told = problems(&business);
        assert_eq!(told.is_empty(), fits, "{length} in {hours}: {told:?}");
        if !fits {
            let names =
                told[0].starts_with("appointments.length: is longer than the longest opening");
            assert!(names && told[0].contains("which is 4h"), "{told:?}");
        }
    }
}

fn duration_of(text: &str) -> Duration {
    with("appointments.length", json!(text)).unwrap().appointments.length
}

#[test]
fn ops_12_a_model_that_is_not_known_is_taken_with_a_notice_that_lists_the_known_ones() {
    assert_eq!(business().notices(), []);
    for (key, model, known) in [
        ("agent.model", "gpt-9", "gpt-realtime-2.1, gpt-realtime-2.1-mini"),
        ("agent.model", "gpt-realtime-2.1 ", "gpt-realtime-2.1"),
        ("agent.model", "gpt-4o-realtime-preview", "gpt-realtime-mini"),
        ("agent.transcription_model", "whisper-9", "gpt-transcribe"),
    ] {
        let business = with(key, json!(model)).unwrap();
        assert_eq!(business.validate(), Ok(()), "{model} is taken");
        let notices = business.notices();
        let [notice] = notices.as_slice() else { panic!("{model}: {notices:?}") };
        assert_eq!(notice.key, key);
        assert!(notice.rule.to_string().contains(&format!("{model:?}")), "{notice}");
        assert!(notice.rule.to_string().contains(known), "{notice}");
    }
    for model in ["gpt-realtime-2.1", "gpt-realtime-2025-08-28", "gpt-realtime-mini"] {
        assert_eq!(with("agent.model", json!(model)).unwrap().notices(), [], "{model}");
    }
}
