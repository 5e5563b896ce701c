mod exit_codes;

use proptest::prelude::*;

use super::*;

fn number(text: &str, home: &str) -> Option<String> {
    let home = PhoneNumber::parse(home).unwrap();
    as_sent(text, Some(&home)).map(|number| number.as_str().to_owned())
}

/// Numbers of businesses in ten countries.
const IL: &str = "+97231234567";
const US: &str = "+14155550100";
const GB: &str = "+442079460000";
const DE: &str = "+4930123456";
const IT: &str = "+390612345678";
const FR: &str = "+33123456789";
const RU: &str = "+74951234567";
const HU: &str = "+3612345678";
const MX: &str = "+525512345678";
const EG: &str = "+20223456789";

/// A number, the home of its reader, and its spellings.
const SPELLINGS: [(&str, &str, &[&str]); 24] = [
    (
        "+972501234567",
        IL,
        &[
            "+972501234567",
            "+972-50-123-4567",
            "+972 50 1234567",
            "+972 (0)50-123-4567",
            "+9720501234567",
            "+972 (050) 1234567",
            "00972501234567",
            "00972-050-1234567",
            "012972501234567",
            "972501234567",
            "0501234567",
            "050-1234567",
            "050-123-4567",
            "050 123 4567",
            "(050) 123.4567",
            "050/1234567",
            "050.123.4567",
            "501234567",
            "\u{202A}+972 50-123-4567\u{202C}",
            "\u{200E}050-1234567\u{200F}",
            "050\u{2011}1234567",
            "050\u{2013}1234567",
            "050\u{05BE}1234567",
            "٠٥٠-١٢٣٤٥٦٧",
            "۰۵۰۱۲۳۴۵۶۷",
            "０５０−１２３−４５６７",
            "＋９７２ ５０ １２３４５６７",
            "tel:+972-50-1234567",
            "050\u{00A0}123\u{202F}4567",
            "\u{FEFF}0501234567\u{200B}",
            "+972\u{2068}50\u{2069}1234567",
            "[050] 1234567",
            "050–123—4567",
        ],
    ),
    ("+97231234567", IL, &["03-1234567", "+972 (0)3 123 4567", "972-3-1234567", "03/123.4567"]),
    ("+972771234567", IL, &["077-1234567", "+972 077 123 4567"]),
    (
        "+14155552671",
        US,
        &[
            "(415) 555-2671",
            "415.555.2671",
            "415-555-2671",
            "1-415-555-2671",
            "+1 (415) 555-2671",
            "14155552671",
            "4155552671",
            "+1/415/555/2671",
            "+1 415 555‑2671",
            "0014155552671",
        ],
    ),
    ("+972501234567", US, &["011 972 50 123 4567", "+972 (0)50 123 4567", "011972-050-1234567"]),
    (
        "+442079460958",
        GB,
        &[
            "020 7946 0958",
            "(020) 7946 0958",
            "+44 (0)20 7946 0958",
            "+44 20 7946 0958",
            "+4402079460958",
            "0044 (0)20 7946 0958",
            "44 20 7946 0958",
        ],
    ),
    ("+447911123456", GB, &["07911 123456", "+44 (0) 7911 123456", "+44-07911-123456"]),
    (
        "+493012345678",
        DE,
        &[
            "030/12345678",
            "030 / 123 456 78",
            "+49 (0)30 12345678",
            "+49(30)12345678",
            "0049-030-12345678",
        ],
    ),
    ("+4915112345678", DE, &["0151 12345678", "+49 (0) 151 / 12 34 56 78"]),
    (
        "+390612345678",
        IT,
        &[
            "06 1234 5678",
            "06/12345678",
            "+39 06 12345678",
            "+39 (06) 1234.5678",
            "0039 06 12345678",
        ],
    ),
    ("+390612345678", IL, &["+39 06 1234 5678", "00390612345678"]),
    ("+393401234567", IT, &["340 123 4567", "+39 340-1234567", "3401234567"]),
    (
        "+33123456789",
        FR,
        &["01 23 45 67 89", "01.23.45.67.89", "+33 (0)1 23 45 67 89", "0033 1 23456789"],
    ),
    ("+33612345678", FR, &["06-12-34-56-78", "+33 06 12 34 56 78"]),
    (
        "+74951234567",
        RU,
        &["8 (495) 123-45-67", "+7 495 123-45-67", "7 495 1234567", "+7 8 495 1234567"],
    ),
    ("+78001234567", RU, &["8 800 123 45 67", "+7 (800) 123-45-67"]),
    ("+36201234567", HU, &["06 20 123 4567", "+36 20/123-4567", "+36 06 20 123 4567"]),
    ("+3612345678", HU, &["06 1 234 5678", "+36 (1) 234-5678"]),
    ("+525512345678", MX, &["55 1234 5678", "+52 55 1234 5678"]),
    (
        "+201001234567",
        EG,
        &["0100 123 4567", "٠١٠٠١٢٣٤٥٦٧", "+20 (0)100 123 4567", "+٢٠ ١٠٠ ١٢٣ ٤٥٦٧"],
    ),
    // Other countries, read by a business in Israel.
    (
        "+81312345678",
        IL,
        &["+81-3-1234-5678", "+81 (0)3 1234 5678", "＋８１ー３ー１２３４ー５６７８"],
    ),
    ("+919876543210", IL, &["+91 98765 43210", "+91 098765 43210", "+९१ ९८७६५ ४३२१०"]),
    ("+61412345678", IL, &["+61 412 345 678", "+61 (0)412 345 678"]),
    ("+41446681800", IL, &["+41 44 668 18 00", "+41 (0)44 668 18 00", "0041 44/668.18.00"]),
];

#[test]
fn lead_4_every_spelling_of_a_number_is_read_as_that_number() {
    let mut read = 0;
    for (expected, home, spellings) in SPELLINGS {
        for spelling in spellings {
            assert_eq!(number(spelling, home).as_deref(), Some(expected), "{spelling:?} at {home}");
            read += 1;
        }
    }
    assert!(read >= 100, "{read}");
}

#[test]
fn lead_4_countries_whose_numbers_begin_with_a_zero_keep_it() {
    for (text, expected) in [
        ("+39 06 6982", "+39066982"),
        ("+378 0549 882345", "+3780549882345"),
        ("+225 07 01 23 45 67", "+2250701234567"),
        ("+242 06 612 3456", "+242066123456"),
    ] {
        assert_eq!(number(text, IL).as_deref(), Some(expected));
    }
}

#[test]
fn lead_4_an_extension_is_kept_apart() {
    let home = PhoneNumber::parse(IL).unwrap();
    for (text, extension) in [
        ("03-1234567 ext. 12", "12"),
        ("03-1234567 x12", "12"),
        ("031234567#12", "12"),
        ("+972-3-1234567;ext=12", "12"),
        ("tel:+972-3-1234567;ext=012", "012"),
        ("03-1234567 Extension: 4567", "4567"),
        ("03-1234567 שלוחה 12", "12"),
        ("03-1234567,12", "12"),
        ("03-1234567 ,, 12", "12"),
        ("03-1234567 доб. 12", "12"),
        ("03-1234567 ext ١٢", "12"),
    ] {
        let read = read(text, Some(&home)).expect(text);
        assert_eq!(read.number.as_str(), "+97231234567", "{text}");
        assert_eq!(read.extension.as_deref(), Some(extension), "{text}");
    }
    assert_eq!(read("03-1234567", Some(&home)).unwrap().extension, None);
    for text in ["03-1234567 ext", "03-1234567 ext. a", "03-1234567 x123456789012", "ext. 12"] {
        assert_eq!(read(text, Some(&home)), Err(Unreadable::NoNumber), "{text}");
    }
}

#[test]
fn lead_1_a_national_number_needs_a_country() {
    assert_eq!(e164("0501234567", None), Err(Unreadable::NoCountry));
    assert_eq!(e164("+972 (0)50-123-4567", None).unwrap().as_str(), "+972501234567");
}

#[test]
fn lead_4_a_number_of_an_unknown_range_or_country_stays_as_it_is() {
    for text in ["+999123456789", "+9721999999999", "+15005550006", "+972123456", "+8881234567"] {
        assert_eq!(number(text, IL).as_deref(), Some(text));
    }
}

#[test]
fn lead_1_what_is_no_number_is_none() {
    for text in [
        "",
        "anonymous",
        "sip:050@x",
        "1",
        "100",
        "050-LOCKS",
        "+",
        "++972",
        "0501234567890123",
        "050+1234567",
        "۰",
        "\u{202A}\u{202C}",
        "+0501234567",
        "½501234567",
        "050 or 051 1234567",
    ] {
        assert_eq!(number(text, IL), None, "{text}");
    }
    assert_eq!(number(&"0".repeat(100_000), IL), None, "its length has a limit");
}

/// Countries that have changed how their numbers are written. Both forms are in use: carriers, WhatsApp
/// and people's address books change at different times.
#[test]
fn lead_4_a_number_in_a_form_that_its_country_has_given_up_is_the_number_of_today() {
    const AR: &str = "+541123456789";
    for (expected, home, forms) in [
        (
            "+525512345678",
            IL,
            &[
                "+52 1 55 1234 5678",
                "+5215512345678",
                "+52 044 55 1234 5678",
                "+52 045 55 1234 5678",
                "+52 01 55 1234 5678",
                "0052 1 55 1234 5678",
                "+52 55 1234 5678",
            ][..],
        ),
        (
            "+525512345678",
            MX,
            &["044 55 1234 5678", "045 55 1234 5678", "01 55 1234 5678", "1 55 1234 5678"],
        ),
        (
            "+5491123456789",
            IL,
            &[
                "+54 9 11 2345 6789",
                "+54 11 15 2345 6789",
                "+54 9 11 15 2345 6789",
                "+54 0 11 15 2345 6789",
            ],
        ),
        ("+5491123456789", AR, &["011 15 2345 6789", "11 15 2345-6789", "9 11 2345 6789"]),
        ("+5493512345678", IL, &["+54 9 351 234 5678", "+54 351 15 234 5678"]),
        ("+5531987654321", IL, &["+55 31 8765 4321", "+55 31 98765 4321", "+55 (0)31 8765-4321"]),
        ("+5531987654321", "+551132654321", &["031 8765 4321", "31 98765-4321"]),
        ("+2290197123456", IL, &["+229 97 12 34 56", "+229 01 97 12 34 56"]),
    ] {
        for form in forms {
            assert_eq!(number(form, home).as_deref(), Some(expected), "{form} at {home}");
        }
    }
    // Nobody can tell from these whether they are old, or which number they are now.
    for stays in [
        "+541123456789",
        "+551177654321",
        "+553132654321",
        "+52155123456",
        "+521234567890123",
        "+5491115234567",
        "+22507123456",
    ] {
        assert_eq!(number(stays, IL).as_deref(), Some(stays));
    }
}

#[test]
fn lead_4_a_time_zone_that_lies_in_one_country_tells_it() {
    for (zone, code) in [
        ("Asia/Jerusalem", Some("IL")),
        ("Europe/London", Some("GB")),
        ("America/New_York", Some("US")),
        ("America/Argentina/Buenos_Aires", Some("AR")),
        ("Asia/Hong_Kong", Some("HK")),
        ("Asia/Tel_Aviv", Some("IL")),
        ("Asia/Calcutta", Some("IN")),
        ("UTC", None),
        ("Etc/GMT+3", None),
        ("Atlantis/Capital", None),
        ("", None),
    ] {
        let country = Country::of_zone(zone);
        assert_eq!(country.map(|country| country.to_string()).as_deref(), code, "{zone}");
    }
    let london = Country::of_zone("Europe/London");
    assert_eq!(read_in("020 7946 0958", london).unwrap().number.as_str(), "+442079460958");
    assert_eq!(read_in("03-1234567", Country::of_zone("Asia/Jerusalem")).unwrap().extension, None);
    assert_eq!(read_in("020 7946 0958", None), Err(Unreadable::NoCountry));
}

/// Signs that a number may have between its digits.
const SIGNS: [&str; 14] = [
    "", " ", "-", ".", "/", "(", ")", "\u{2011}", "\u{2013}", "\u{05BE}", "\u{200E}", "\u{202A}",
    "\u{2066}", "\u{00A0}",
];

/// Digits in four scripts.
fn in_script(digit: char, script: usize) -> char {
    let zero = ['0', '\u{0660}', '\u{06F0}', '\u{FF10}'][script % 4];
    let value = digit.to_digit(10).unwrap_or_default();
    char::from_u32(u32::from(zero) + value).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Signs between the digits, the script, and the trunk zero change nothing.
    #[test]
    fn lead_4_a_number_is_the_same_however_it_is_spelled(
        subscriber in 1_000_000..9_999_999_u32,
        mobile in prop::sample::select(&["50", "52", "53", "54", "55", "58"][..]),
        form in 0..5_usize,
        signs in prop::collection::vec(prop::sample::select(&SIGNS[..]), 20),
        script in 0..4_usize,
    ) {
        let expected = format!("+972{mobile}{subscriber}");
        let start = ["+972", "+9720", "00972", "0", "972"][form];
        let plain = format!("{start}{mobile}{subscriber}");
        let mut spelled = String::new();
        for (letter, sign) in plain.chars().zip(signs) {
            spelled.push_str(sign);
            spelled.push(if letter == '+' { '+' } else { in_script(letter, script) });
        }
        let read = number(&spelled, IL);
        prop_assert_eq!(read.as_deref(), Some(expected.as_str()), "{}", spelled);
    }

    /// What is read once is read the same again, whoever reads it.
    #[test]
    fn lead_4_a_number_that_was_read_is_read_as_itself(
        text in "[+]?[-0-9(). /]{6,24}|[+][1-9][0-9]{5,14}",
        home in prop::sample::select(&[IL, US, GB, DE, IT, FR, RU, HU, MX, EG][..]),
        other in prop::sample::select(&[IL, US, GB, DE, IT, FR, RU, HU, MX, EG][..]),
    ) {
        if let Some(once) = number(&text, home) {
            let again = number(&once, other);
            prop_assert_eq!(again.as_deref(), Some(once.as_str()), "{}", text);
        }
    }

    #[test]
    fn lead_1_any_text_is_read_to_a_number_or_to_none(text in "[-+0-9(). a]{0,40}|.{0,20}") {
        if let Some(number) = number(&text, IL) {
            prop_assert!(PhoneNumber::parse(&number).is_ok());
        }
    }
}
