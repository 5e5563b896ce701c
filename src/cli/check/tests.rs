//! Whole checks, against a practice telephone network and a stand-in for OpenAI.

use protocol::business::BusinessSettings;
use protocol::ids::{AccountSid, BusinessId, PhoneNumber, Slug};

use super::*;
use crate::cli::business;
use crate::cli::tests::{OnDisk, example, server};
use practice::twilio::{Carrier, CarrierSettings, RestFault, RestKind};

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const TOKEN: &str = "00112233445566778899aabbccddeeff";
const KEY: &str = "sk-of-the-test";
const PUBLIC: &str = "http://127.0.0.1:8080";

async fn checked(config: &Config) -> (Exit, Vec<String>) {
    let mut out = Vec::new();
    let exit = run(config, &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    (exit, text.lines().map(str::to_owned).collect())
}

fn about<'a>(lines: &'a [String], what: &str) -> Vec<&'a str> {
    let of = |line: &&String| line.split_whitespace().nth(1) == Some(what);
    lines.iter().filter(of).map(String::as_str).collect()
}

async fn with_business(on_disk: &OnDisk) {
    let import = business::Command::Import { file: example("tel-aviv-locks") };
    let platform = crate::platform::Platform::live();
    business::run(import, &on_disk.config(), &platform, &mut Vec::new()).await.unwrap();
}

async fn carrier(settings: impl FnOnce(&mut CarrierSettings)) -> Carrier {
    let account = AccountSid::parse(ACCOUNT).unwrap();
    let mut all = CarrierSettings::new(account, TOKEN, &format!("{PUBLIC}/twilio/voice"));
    all.status_callback = Some(format!("{PUBLIC}/twilio/status"));
    all.fallback_url = Some(format!("{PUBLIC}/twilio/voice"));
    all.numbers = vec!["+97231234567".to_owned()];
    all.senders = all.numbers.clone();
    all.message_url = Some(format!("{PUBLIC}/twilio/whatsapp"));
    all.message_fallback_url = all.message_url.clone();
    settings(&mut all);
    Carrier::start(all).await.unwrap()
}

async fn checked_with(carrier: &Carrier, token: &str) -> (Exit, Vec<String>) {
    let on_disk = OnDisk::default();
    with_business(&on_disk).await;
    let config = on_disk.config_with(&[
        ("TWILIO__API_URL", &carrier.api_url()),
        ("TWILIO__ACCOUNT_SID", ACCOUNT),
        ("TWILIO__AUTH_TOKEN", token),
    ]);
    checked(&config).await
}

#[tokio::test]
async fn ops_5_the_defaults_only_lack_a_business_and_a_token() {
    let (exit, lines) = checked(&OnDisk::default().config()).await;
    assert_eq!(exit, Exit::Clean);
    let warned: Vec<_> = lines.iter().filter(|line| line.starts_with("warn")).collect();
    assert_eq!(warned.len(), 2, "{lines:#?}");
    assert!(warned[0].contains("admin.token") && warned[1].contains("business import"));
    assert!(about(&lines, "openai")[0].contains("practice"));
}

#[tokio::test]
async fn ops_11_a_file_that_is_away_is_told_and_nothing_takes_its_place() {
    let on_disk = OnDisk::default();
    with_business(&on_disk).await;
    let daemon = migration::presence::Presence::of_daemon(&on_disk.url()).await.unwrap();
    let path = entities::sqlite_file(&on_disk.url()).unwrap();
    std::fs::remove_file(&path).unwrap();
    let log = on_disk.file("test.db-wal", "rows");
    let import = async || {
        let import = business::Command::Import { file: example("tel-aviv-locks") };
        let platform = crate::platform::Platform::live();
        business::run(import, &on_disk.config(), &platform, &mut Vec::new()).await
    };
    let refuses = async |mend: &str| {
        let (exit, lines) = checked(&on_disk.config()).await;
        let [told] = about(&lines, "database")[..] else { panic!("{lines:#?}") };
        assert_eq!(exit, Exit::Failed);
        assert!(told.starts_with("fail") && told.contains(mend), "{told}");
        assert!(!told.contains("business import"), "{told}");
        let refused = import().await.unwrap_err().lines();
        assert!(refused.contains(mend) && refused.lines().count() == 1, "{refused}");
        assert!(!path.exists() && std::fs::read(&log).unwrap() == b"rows");
    };
    refuses("a daemon is running on it").await;
    drop(daemon);
    refuses("remove the log").await;
    std::fs::remove_file(&log).unwrap();
    import().await.unwrap();
}

#[tokio::test]
async fn ops_5_every_problem_of_the_configuration_is_a_line_and_fails() {
    let keys = [("OPENAI__PROVIDER", "openai"), ("SUPERVISION__PERIOD", "0s")];
    let (exit, lines) = checked(&OnDisk::default().config_with(&keys)).await;
    assert_eq!(exit, Exit::Failed);
    let lines = about(&lines, "config").join("\n");
    for key in ["openai.api_key", "twilio.auth_token", "supervision.period"] {
        assert!(lines.contains(&format!("fail  config    {key} ")), "{lines}");
    }
}

#[tokio::test]
async fn ops_5_a_database_whose_folder_is_missing_is_told_with_the_key() {
    let url = "sqlite:///no/such/folder/frontdesk.db";
    let config = OnDisk::default().config_with(&[("DATABASE__URL", url)]);
    let records = records::check(&config).await;
    let line = records.findings[0].to_string();
    assert!(line.starts_with("fail  database") && line.contains("set database.url"), "{line}");
}

#[tokio::test]
async fn ops_5_a_file_that_is_no_database_or_is_damaged_is_named_and_to_be_restored() {
    let on_disk = OnDisk::default();
    with_business(&on_disk).await;
    let whole = std::fs::read(entities::sqlite_file(&on_disk.url()).unwrap()).unwrap();
    let mut damaged = whole.clone();
    damaged[4096..].fill(7);
    for content in [b"no database at all. ".repeat(300), damaged] {
        let path = on_disk.file("test.db", "");
        std::fs::write(&path, content).unwrap();
        let records::Records { findings, .. } = records::check(&on_disk.config()).await;
        let line = findings[0].to_string();
        assert!(line.starts_with("fail  database") && line.contains("test.db"), "{line}");
        assert!(line.contains("damaged") && line.contains("from a backup"), "{line}");
    }
}

#[tokio::test]
async fn ops_5_a_server_that_cannot_be_reached_is_named_with_host_and_port_and_no_password() {
    let url = "postgres://root:hunter2@127.0.0.1:1/frontdesk";
    let config = OnDisk::default().config_with(&[("DATABASE__URL", url)]);
    let records::Records { findings, .. } = records::check(&config).await;
    let line = findings[0].to_string();
    assert!(line.starts_with("fail  database") && line.contains("127.0.0.1:1"), "{line}");
    assert!(line.contains("refused") && !line.contains("hunter2"), "{line}");
}

#[tokio::test]
async fn ops_5_a_database_that_takes_no_writes_fails_the_check() {
    let on_disk = OnDisk::default();
    with_business(&on_disk).await;
    let url = on_disk.url().replace("mode=rwc", "mode=ro");
    let config = on_disk.config_with(&[("DATABASE__URL", &url)]);
    let (exit, lines) = checked(&config).await;
    assert_eq!(exit, Exit::Failed);
    let lines = about(&lines, "database").join("\n");
    assert!(lines.contains("fail  database  it takes no writes"), "{lines}");
    assert!(lines.contains("not read-only"), "{lines}");
}

#[tokio::test]
async fn ops_5_ops_12_stored_settings_that_would_fail_in_calls_are_told_in_words() {
    let disk = OnDisk::default();
    with_business(&disk).await;
    let config = disk.config();
    let db = crate::cli::database::open(&config.database).await.unwrap();
    let platform = crate::platform::Platform::live();
    let number = PhoneNumber::parse("+97231111111").unwrap();
    let mut settings = BusinessSettings::new(Slug::parse("locks").unwrap(), "Locks", vec![number]);
    settings.agent.voice = "nobody".to_owned();
    let now = platform.clock.wall();
    let id = BusinessId(platform.chance.new_id(now));
    crate::app::business::import(&db, &settings, id, now).await.unwrap();
    db.close().await.unwrap();
    let (exit, lines) = checked(&config).await;
    assert_eq!(exit, Exit::Clean);
    let told: Vec<_> = lines.iter().filter(|line| line.contains("the settings of")).collect();
    let [locks] = told[..] else { panic!("{lines:#?}") };
    assert!(locks.starts_with("warn  database  the settings of locks would not be"), "{locks}");
    assert!(locks.contains("agent.voice: \"nobody\" is no voice"), "{locks}");
}

#[tokio::test]
async fn ops_5_the_key_is_tried_and_a_refusal_says_where_the_key_stands() {
    let openai = server(|head| {
        let authorized = head.to_lowercase().contains(&format!("authorization: bearer {KEY}"));
        let asked = head.starts_with("GET /v1/models ");
        (if asked && authorized { 200 } else { 401 }, "{}".to_owned())
    })
    .await;
    let url = format!("ws://{openai}/v1/realtime");
    for (key, verdict) in [(KEY, "ok"), ("sk-wrong", "fail")] {
        let config = OnDisk::default().config_with(&[
            ("OPENAI__PROVIDER", "openai"),
            ("OPENAI__REALTIME_URL", &url),
            ("OPENAI__API_KEY", key),
        ]);
        let (finding, _) = provider::check(&config.openai, &http::client().unwrap()).await;
        let finding = finding.to_string();
        assert!(finding.starts_with(verdict), "{finding}");
        assert!(!finding.contains(key), "{finding}");
    }
}

#[tokio::test]
async fn ops_5_an_unreachable_provider_is_told() {
    let config = OnDisk::default().config_with(&[
        ("OPENAI__PROVIDER", "openai"),
        ("OPENAI__REALTIME_URL", "ws://127.0.0.1:1/v1/realtime"),
        ("OPENAI__API_KEY", KEY),
    ]);
    let (finding, _) = provider::check(&config.openai, &http::client().unwrap()).await;
    let finding = finding.to_string();
    assert!(finding.starts_with("fail") && finding.contains("openai.realtime_url"), "{finding}");
}

#[tokio::test]
async fn ops_5_numbers_that_lead_here_are_well() {
    let (exit, lines) = checked_with(&carrier(|_| {}).await, TOKEN).await;
    assert_eq!(exit, Exit::Clean, "{lines:#?}");
    assert!(about(&lines, "twilio").iter().all(|line| line.starts_with("ok")), "{lines:#?}");
    for brings in ["+97231234567 brings its calls", "+97231234567 brings its messages"] {
        assert!(lines.iter().any(|line| line.contains(brings)), "{lines:#?}");
    }
}

#[tokio::test]
async fn ops_5_wa_1_a_sender_whose_messages_go_elsewhere_fails_and_one_that_twilio_hides_warns() {
    let astray = carrier(|settings| {
        settings.message_url = Some("https://demo.twilio.com/welcome/sms/reply/".to_owned());
        settings.message_fallback_url = None;
    });
    let (exit, lines) = checked_with(&astray.await, TOKEN).await;
    assert_eq!(exit, Exit::Failed);
    let lines = about(&lines, "twilio").join("\n");
    assert!(lines.contains(&format!("set it to {PUBLIC}/twilio/whatsapp")), "{lines}");
    assert!(lines.contains("has no fallback URL"), "{lines}");
    let hidden = carrier(|_| {}).await;
    hidden.plan_fault(RestKind::ListSenders, RestFault::Forbidden, 1);
    let (exit, lines) = checked_with(&hidden, TOKEN).await;
    assert_eq!(exit, Exit::Clean, "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.starts_with("warn") && line.contains("senders can't be read"))
    );
}

#[tokio::test]
async fn ops_5_numbers_that_lead_elsewhere_fail_and_say_how_to_mend_it() {
    let astray = carrier(|settings| {
        settings.voice_url = "https://demo.twilio.com/welcome/voice/".to_owned();
        settings.status_callback = None;
        settings.fallback_url = None;
    });
    let (exit, lines) = checked_with(&astray.await, TOKEN).await;
    assert_eq!(exit, Exit::Failed);
    let lines = about(&lines, "twilio").join("\n");
    for mended in ["/twilio/voice", "/twilio/status"] {
        assert!(lines.contains(&format!("set it to {PUBLIC}{mended}")), "{lines}");
    }
}

#[tokio::test]
async fn ops_5_refused_credentials_are_told_and_an_odd_token_too() {
    let (exit, lines) = checked_with(&carrier(|_| {}).await, "not-the-token").await;
    assert_eq!(exit, Exit::Failed);
    let lines = about(&lines, "twilio").join("\n");
    assert!(lines.contains("32 hexadecimal digits"), "{lines}");
    assert!(lines.contains("set twilio.account_sid and twilio.auth_token"), "{lines}");
    assert!(!lines.contains("not-the-token"), "{lines}");
}
