use super::*;

fn example(name: &str) -> BusinessSettings {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = read(&root.join("examples/businesses").join(name)).unwrap();
    assert_eq!(file.notices, [], "{name}");
    file.settings
}

fn refused(text: &str) -> String {
    parse(Path::new("locks.toml"), text).unwrap_err().to_string()
}

const HEAD: &str = "slug = \"locks\"\nname = \"Locks\"\nphone_numbers = [\"+97231234567\"]\n";

#[test]
fn the_hebrew_example_is_the_locksmith_of_tel_aviv() {
    let business = example("tel-aviv-locks.toml");
    assert_eq!(business.slug.as_str(), "tel-aviv-locks");
    assert_eq!(business.phone_numbers[0].as_str(), "+97231234567");
    assert_eq!(business.lead_fields()[..3], ["service_category", "problem_description", "city"]);
    assert_eq!(business.language.as_str(), "he");
    assert!(business.agent.prompt.contains("מנעול"));
    assert!(!business.appointments.hours.is_empty());
}

#[test]
fn the_english_example_reads_too() {
    let business = example("harbour-clinic.toml");
    assert_eq!((business.language.as_str(), business.timezone.name()), ("en", "Europe/London"));
    assert!(business.transfer.is_some());
    assert_eq!(
        business.lead_fields(),
        ["patient_type", "visit_reason"],
        "a name is no custom field"
    );
}

#[test]
fn an_error_names_the_line_the_key_and_what_was_expected() {
    for (rest, expected) in [
        (
            "[silence]\ntimeot = \"7s\"",
            "locks.toml:5:1: silence.timeot: unknown key `timeot`, expected one of `timeout`, \
             `warnings`, `texts`",
        ),
        (
            "timezone = \"Asia/Atlantis\"",
            "locks.toml:4:12: timezone: \"Asia/Atlantis\" is not a time zone: expected an IANA \
             name, as in \"Asia/Jerusalem\"",
        ),
        (
            "[appointments.hours]\nmonday = [\"09:00-13:00\", \"14-18\"]",
            "locks.toml:5:10: appointments.hours.monday[1]: \"14-18\" are no opening hours: \
             expected \"HH:MM-HH:MM\", as in \"09:00-13:00\"",
        ),
        (
            "[agent]\nmax_output_tokens = 5000",
            "locks.toml:5:21: agent.max_output_tokens: is the whole number `5000`, expected \
             \"inf\" or a whole number from 1 to 4096",
        ),
    ] {
        assert_eq!(refused(&format!("{HEAD}{rest}")), expected);
    }
    let missing = refused("slug = \"locks\"\nname = \"Locks\"\n");
    assert!(missing.contains("the key `phone_numbers` is missing"), "{missing}");
}

#[test]
fn ops_12_a_key_in_a_wrong_section_is_told_with_its_place() {
    for (rest, told) in [
        ("prompt = \"Be kind.\"", "prompt: unknown key `prompt`: there is `agent.prompt`"),
        ("[hours]", "hours: unknown key `hours`: there is `appointments.hours`"),
        ("[ending]\ntexts = []", "ending.texts: unknown key `texts`: there is `silence.texts`"),
    ] {
        let error = fault(rest);
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn contradictions_between_keys_are_all_reported_each_at_its_line() {
    let text = format!(
        "{HEAD}[agent]\nspeed = 9.0\n[greeting]\nmode = \"play\"\n[appointments.hours]\n\
         sunday = [\"09:00-13:00\", \"12:00-18:00\"]\n"
    );
    let told: Vec<_> = refused(&text).lines().map(str::to_owned).collect();
    let [speed, recording, hours] = told.as_slice() else { panic!("{told:?}") };
    assert!(speed.starts_with("locks.toml:5:1: agent.speed: must be from 0.25"), "{speed}");
    assert!(recording.starts_with("locks.toml:6:2: greeting.audio_url: is missing"), "{recording}");
    assert!(hours.starts_with("locks.toml:9:1: appointments.hours.sunday: "), "{hours}");
}

/// What is said of a business file with this in its table, without file and line.
fn fault(rest: &str) -> String {
    let told = refused(&format!("{HEAD}{rest}"));
    let is_plain =
        !told.contains("invalid") && !told.contains("struct ") && !told.contains("enum ");
    assert!(is_plain && told.starts_with("locks.toml:"), "{told}");
    told
}

#[test]
fn ops_12_what_would_fail_later_is_refused_with_line_and_key() {
    for (rest, place, expected) in [
        (
            "[ending]\nmax_duration = \"1ms\"",
            "5:1: ending.max_duration: ",
            "must be from 5s to 1days",
        ),
        ("[ending]\nmax_duration = \"4s\"", "5:1: ending.max_duration: ", "must be from 5s"),
        ("[silence]\ntimeout = \"5ms\"", "5:1: silence.timeout: ", "must be from 1s to 10m"),
        ("retention = \"1s\"", "4:1: retention: ", "must be from 1days"),
        ("[appointments]\nslot_step = \"1s\"", "5:1: appointments.slot_step: ", "must be from 1m"),
        (
            "[agent]\nvoice = \"nobody\"",
            "5:1: agent.voice: ",
            "\"nobody\" is no voice of the model's: \
          expected one of alloy, ash, ballad, cedar, coral, echo, marin, sage, shimmer, verse",
        ),
        ("[agent]\nvoice = \"custom:\"", "5:1: agent.voice: ", "\"custom:\" and the id"),
        ("[greeting]\ntext = \"a\\u0000b\"", "5:1: greeting.text: ", "control character U+0000"),
        (
            "[greeting]\ntext = \"a\\u202Eb\"",
            "5:1: greeting.text: ",
            "control character U+202E: take it out",
        ),
        (
            "[ending]\ngoodbye_phrases = [\"bye\\u2066\"]",
            "5:1: ending.goodbye_phrases: ",
            "control character U+2066",
        ),
        (
            "[apology]\nsay_voice = \"Google.he-IL-<b>\"",
            "5:1: apology.say_voice: ",
            "holds '<': expected a name of letters",
        ),
        ("[agent]\nmodel = \"gpt realtime\"", "5:1: agent.model: ", "holds ' ': expected a name"),
        (
            "[apology]\naudio_url = \"https://a.example/<b>.mp3\"",
            "5:1: apology.audio_url: ",
            "is no web address",
        ),
        (
            "[silence]\ntexts = [\"a\", \"b\\u0007\"]",
            "5:1: silence.texts: ",
            "control character U+0007",
        ),
        (
            "[appointments]\ndays_off = [\"25/12/2026\"]",
            "5:12: appointments.days_off: ",
            "\"25/12/2026\" is not a date: expected year, month and day, as in \"2026-12-25\"",
        ),
        (
            "[transfer]\nnumber = \"03-1234567 ext 5\"",
            "5:1: transfer.number: ",
            "is not a telephone number",
        ),
        (
            "[transfer]\nnumber = \"+999123\"",
            "5:1: transfer.number: ",
            "is a number that no country has",
        ),
        ("agent = 5", "4:9: agent: ", "is the whole number `5`, expected a table of keys"),
        (
            "[agent]\nspeed = \"fast\"",
            "5:9: agent.speed: ",
            "is the text \"fast\", expected a number",
        ),
        (
            "[silence]\nwarnings = -1",
            "5:12: silence.warnings: ",
            "expected a whole number from 0 to 255",
        ),
        (
            "[lead]\nfields = \"city\"",
            "5:10: lead.fields: ",
            "is the text \"city\", expected a list",
        ),
        (
            "[greeting]\nbot_speaks_first = 1",
            "5:20: greeting.bot_speaks_first: ",
            "expected true or false",
        ),
        ("[ending]\nmax_duration = 900", "5:16: ending.max_duration: ", "write \"900s\""),
    ] {
        let told = fault(rest);
        assert!(
            told.contains(place) && told.contains(expected),
            "{told}\nexpected {place}{expected}"
        );
    }
    for (name, mark) in [
        ("Locks\\nand Keys", "U+000A"),
        ("Locks \\u202E", "U+202E"),
        ("\\u2067Locks", "U+2067"),
        ("Locks\\u0000", "U+0000"),
        ("Lo\\u200Bcks", "U+200B"),
    ] {
        let text = HEAD.replace("name = \"Locks\"", &format!("name = \"{name}\""));
        let told = refused(&text);
        let place = told.starts_with("locks.toml:2:1: name: holds the invisible character ");
        assert!(place && told.contains(mark), "{told}");
    }
    for (model, prompt) in [
        ("gpt-realtime", "word ".repeat(20_000)),
        ("gpt-realtime-2.1", "word ".repeat(200_000)),
        ("gpt-realtime-2.1", "שלום ".repeat(30_000)),
    ] {
        let told = fault(&format!("[agent]\nmodel = \"{model}\"\nprompt = \"{prompt}\""));
        assert!(
            told.contains("6:1: agent.prompt: is about ") && told.contains("shorten it"),
            "{told}"
        );
        assert!(told.len() < 300, "the prompt is not repeated");
    }
}

#[test]
fn ops_12_what_makes_sense_is_taken() {
    for rest in [
        "[agent]\nvoice = \"custom:voice_123\"",
        "[agent]\nvoice = \"voice_123\"",
        "[agent]\nvoice = \"cedar\"",
        "[ending]\nmax_duration = \"5s\"\nhangup_delay = \"0s\"\nphrase_wait = \"0s\"",
        "[appointments]\nbuffer = \"0s\"\ndays_off = [\"2026-12-25\", \"2027-01-01\"]",
        "[appointments]\ndays_off = [2026-12-25]",
        "[greeting]\ntext = \"שלום\\nברוכים הבאים\"",
    ] {
        let text = format!("{HEAD}{rest}");
        let read = parse(Path::new("locks.toml"), &text);
        assert!(read.is_ok(), "{rest}: {}", read.unwrap_err());
    }
    let long = format!("{HEAD}[agent]\nprompt = \"{}\"", "word ".repeat(10_000));
    assert!(parse(Path::new("locks.toml"), &long).is_ok());
}

#[test]
fn ops_12_lead_4_numbers_in_other_spellings_are_rewritten_with_a_notice() {
    let text = "slug = \"locks\"\nname = \"Locks\"\n\
                phone_numbers = [\"+97231234567\", \"+972 (0)3-765\u{2011}4321\"]\n\
                whatsapp_number = \"052-1234567\"\n[transfer]\nnumber = \"+9720501112233\"\n";
    let read = parse_noticing(Path::new("locks.toml"), text).unwrap();
    let numbers: Vec<_> = read.settings.phone_numbers.iter().map(|one| one.as_str()).collect();
    assert_eq!(numbers, ["+97231234567", "+97237654321"]);
    let whatsapp = read.settings.whatsapp_number.as_ref().map(|one| one.as_str());
    assert_eq!(whatsapp, Some("+972521234567"));
    let notices: Vec<_> = read.notices.iter().map(ToString::to_string).collect();
    assert_eq!(
        notices,
        [
            "locks.toml:3:1: phone_numbers[1]: is read as +97237654321",
            "locks.toml:4:1: whatsapp_number: is read as +972521234567",
            "locks.toml:6:1: transfer.number: is read as +972501112233",
        ]
    );
    // The same number twice, in two spellings.
    let twice = refused(
        "slug = \"locks\"\nname = \"Locks\"\nphone_numbers = [\"+97231234567\", \"+972-03-1234567\"]\n",
    );
    assert!(twice.contains("twice"), "{twice}");
}

/// The numbers of a file as they are read, its own first; or the refusal.
fn numbers_of(numbers: &str, rest: &str) -> Result<(Vec<String>, Vec<String>), String> {
    let text = format!("slug = \"locks\"\nname = \"Locks\"\nphone_numbers = {numbers}\n{rest}");
    let read = parse_noticing(Path::new("locks.toml"), &text).map_err(|error| error.to_string())?;
    let BusinessFile { settings, notices } = read;
    let transfer = settings.transfer.as_ref().map(|transfer| &transfer.number);
    let all = settings.phone_numbers.iter().chain(&settings.whatsapp_number).chain(transfer);
    let all = all.map(|number| number.as_str().to_owned()).collect();
    Ok((all, notices.iter().map(ToString::to_string).collect()))
}

#[test]
fn ops_12_lead_4_a_national_number_is_read_by_the_country_that_the_file_tells() {
    let in_israel = ["+97231234567"];
    for (numbers, rest, expected) in [
        ("[\"03-1234567\"]", "timezone = \"Asia/Jerusalem\"", &in_israel[..]),
        ("[\"03-1234567\"]", "timezone = \"Asia/Tel_Aviv\"", &in_israel),
        ("[\"020 7946 0958\"]", "timezone = \"Europe/London\"", &["+442079460958"]),
        ("[\"(415) 555-2671\"]", "timezone = \"America/Los_Angeles\"", &["+14155552671"]),
        // The other numbers know better than the time zone.
        (
            "[\"03-7654321\", \"+97231234567\"]",
            "timezone = \"Europe/London\"",
            &["+97237654321", "+97231234567"],
        ),
        (
            "[\"03-1234567\"]",
            "whatsapp_number = \"+972521234567\"",
            &["+97231234567", "+972521234567"],
        ),
        (
            "[\"03-1234567\"]",
            "[transfer]\nnumber = \"+972501112233\"",
            &["+97231234567", "+972501112233"],
        ),
    ] {
        let (read, notices) = numbers_of(numbers, rest).unwrap();
        assert_eq!(read, expected, "{numbers} {rest}");
        let told = format!("locks.toml:3:1: phone_numbers[0]: is read as {}", expected[0]);
        assert_eq!(notices, [told], "{numbers} {rest}");
    }
    // The default of the time zone says nothing of the country, and UTC is in none.
    for rest in ["", "timezone = \"UTC\"", "language = \"he\""] {
        let told = numbers_of("[\"03-1234567\"]", rest).unwrap_err();
        let place = "locks.toml:3:1: phone_numbers[0]: \"03-1234567\" does not say its country: ";
        assert!(told.starts_with(place), "{told}");
        assert!(
            told.contains("as in \"+97231234567\", or write the business's timezone"),
            "{told}"
        );
    }
    for wrong in ["100", "locks", "03-1234567 ext 5"] {
        let told = numbers_of(&format!("[\"{wrong}\"]"), "timezone = \"Asia/Jerusalem\"");
        assert!(told.unwrap_err().contains("is not a telephone number"), "{wrong}");
    }
}

#[test]
fn ops_12_what_is_likely_not_meant_is_taken_with_a_notice_at_its_key() {
    let noticed = |rest: &str| {
        let read = parse_noticing(Path::new("locks.toml"), &format!("{HEAD}{rest}")).unwrap();
        read.notices.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (rest, expected) in [
        ("[agent]\nmodel = \"gpt-9\"", "locks.toml:5:1: agent.model: \"gpt-9\" is no model"),
        (
            "[agent]\ntranscription_model = \"ears\"",
            "locks.toml:5:1: agent.transcription_model: \"ears\" is no model",
        ),
        ("[appointments.hours]\nsunday = []", "locks.toml:4:15: appointments.hours: no day has"),
        ("[appointments]\nlength = \"1h\"", "locks.toml:4:2: appointments.hours: no day has"),
    ] {
        let notices = noticed(rest);
        let [notice] = notices.as_slice() else { panic!("{rest}: {notices:?}") };
        assert!(notice.starts_with(expected), "{notice}");
    }
    assert_eq!(noticed("[appointments.hours]\nmonday = [\"09:00-13:00\"]"), Vec::<String>::new());
}
