use super::*;

fn example(name: &str) -> BusinessSettings {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    read(&root.join("examples/businesses").join(name)).unwrap()
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
            "locks.toml:5:1: silence.timeot: unknown field `timeot`, expected one of `timeout`, \
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
            "locks.toml:5:21: agent.max_output_tokens: invalid value: integer `5000`, expected \
             \"inf\" or a whole number from 1 to 4096",
        ),
    ] {
        assert_eq!(refused(&format!("{HEAD}{rest}")), expected);
    }
    let missing = refused("slug = \"locks\"\nname = \"Locks\"\n");
    assert!(missing.contains("missing field `phone_numbers`"), "{missing}");
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
