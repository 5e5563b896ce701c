//! The code that `docs/webhooks.md` gives a receiver is run against the example of Standard Webhooks. A language that is
//! not installed is left out.

use std::process::Command;

/// The example of the specification's reference libraries.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SECONDS: u64 = 1_614_265_330;
const BODY: &str = r#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn snippet(language: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/webhooks.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once(&format!("```{language}\n")).unwrap();
    rest.split("```").next().unwrap().to_owned()
}

/// Signatures, how many seconds later they are looked at, the body, and whether they are genuine.
fn cases() -> [(String, u64, &'static str, bool); 6] {
    let several = format!("v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,x {SIGNATURE}");
    [
        (SIGNATURE.to_owned(), 0, BODY, true),
        (several, 0, BODY, true),
        (SIGNATURE.to_owned(), 299, BODY, true),
        (SIGNATURE.to_owned(), 301, BODY, false),
        (SIGNATURE.to_owned(), 0, r#"{"test": 2432232315}"#, false),
        ("v1,AAAA".to_owned(), 0, BODY, false),
    ]
}

/// Runs a program in one of the languages; `None` if that is not installed.
fn run(program: &str, option: &str, text: &str) -> Option<String> {
    let output = Command::new(program).args([option, text]).output().ok()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {errors}\n{text}");
    Some(String::from_utf8(output.stdout).unwrap())
}

fn checked(told: Option<String>) {
    let Some(told) = told else { return };
    let told: Vec<bool> =
        told.split_whitespace().map(|word| word.eq_ignore_ascii_case("true")).collect();
    assert_eq!(told, cases().map(|case| case.3));
}

#[test]
fn ops_13_the_document_s_python_tells_genuine_events_from_others() {
    let mut text = snippet("python");
    for (signatures, later, body, _) in cases() {
        let (id, now) = (ID, SECONDS + later);
        text += &format!(
            "time.time = lambda: {now}\n\
             headers = {{'webhook-id': '{id}', 'webhook-timestamp': '{SECONDS}', \
             'webhook-signature': '{signatures}'}}\n\
             print(is_genuine('{SECRET}', headers, b'{body}'))\n"
        );
    }
    checked(run("python3", "-c", &text));
}

#[test]
fn ops_13_the_document_s_javascript_tells_genuine_events_from_others() {
    let mut text = snippet("js");
    for (signatures, later, body, _) in cases() {
        let (id, now) = (ID, (SECONDS + later) * 1000);
        text += &format!(
            "Date.now = () => {now};\n\
             console.log(isGenuine('{SECRET}', {{'webhook-id': '{id}', 'webhook-timestamp': \
             '{SECONDS}', 'webhook-signature': '{signatures}'}}, Buffer.from('{body}')));\n"
        );
    }
    checked(run("node", "-e", &text));
}
