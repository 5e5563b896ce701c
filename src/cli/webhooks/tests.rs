//! Events of a database on disk, as the operator's commands show and resend them; and the receiver.

use std::time::Duration;

use entities::leads::ensure_for_operator;
use entities::outbox::{Outcome, claim, settle};
use protocol::ids::{LeadId, PhoneNumber};
use protocol::webhooks::Target;

use super::*;
use crate::cli::business;
use crate::cli::check;
use crate::cli::tests::{OnDisk, example};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn slug() -> Slug {
    Slug::parse("tel-aviv-locks").unwrap()
}

async fn imported(on_disk: &OnDisk, section: &str) -> Result<(), CliError> {
    let text = std::fs::read_to_string(example("tel-aviv-locks")).unwrap();
    let file = on_disk.file("business.toml", &format!("{text}\n[webhooks]\n{section}\n"));
    let import = business::Command::Import { file };
    business::run(import, &on_disk.config(), &Platform::live(), &mut Vec::new()).await.map(drop)
}

/// A business with one event, which is dead.
async fn with_a_dead_event() -> (OnDisk, Uuid) {
    let on_disk = OnDisk::default();
    let section = format!("url = \"https://127.0.0.1.example/\"\nsecret = \"{SECRET}\"");
    imported(&on_disk, &section).await.unwrap();
    let platform = Platform::live();
    let now = platform.clock.wall();
    let db = database::open(&on_disk.config().database).await.unwrap();
    let business = messages::find(&db, &slug()).await.unwrap();
    let number = PhoneNumber::parse("+972501234567").unwrap();
    let lead = LeadId(platform.chance.new_id(now));
    ensure_for_operator(&db, business, &number, lead, now).await.unwrap();
    let until = now + Duration::from_secs(90);
    let lane = (business, Target::Webhook);
    let claimed = claim(&db, lane, Uuid::from_u128(1), 1, now, until).await.unwrap();
    let dead = Outcome::Dead { error: "HTTP 410".to_owned() };
    settle(&db, &claimed[0], dead, now).await.unwrap();
    db.close().await.unwrap();
    (on_disk, claimed[0].record.id)
}

async fn said(on_disk: &OnDisk, command: Command) -> Result<String, CliError> {
    let mut out = Vec::new();
    run(command, &on_disk.config(), &Platform::live(), &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
}

fn listing(state: Option<State>, json: bool) -> Command {
    let format = Format { json, csv: false };
    Command::List { business: slug(), state, kind: None, limit: 50, format }
}

#[tokio::test]
async fn ops_14_events_are_listed_and_dead_ones_sent_again() {
    let (on_disk, id) = with_a_dead_event().await;
    let listed = said(&on_disk, listing(Some(State::Dead), false)).await.unwrap();
    for part in ["lead.created", "webhook", "dead 1", "HTTP 410", &end_of(id)] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    assert_eq!(said(&on_disk, listing(Some(State::Sent), false)).await.unwrap(), "no events\n");
    let json = said(&on_disk, listing(None, true)).await.unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json[0]["type"], &json[0]["tries"]), (&"lead.created".into(), &1.into()));
    let resend = |id: Option<Uuid>| Command::Resend {
        business: slug(),
        id: id.map(|id| end_of(id).parse().unwrap()),
        all: id.is_none(),
    };
    let widest = listed.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 80, "{widest}: {listed}");
    let format = Format { json: false, csv: true };
    let csv = Command::List { business: slug(), state: None, kind: None, limit: 50, format };
    let csv = said(&on_disk, csv).await.unwrap();
    assert!(csv.starts_with("id,type,target,state,tries,"), "{csv}");
    assert!(csv.contains(&format!("{id},lead.created,webhook,dead,1,")), "{csv}");
    let unknown = said(&on_disk, resend(Some(Uuid::from_u128(5)))).await.unwrap_err();
    assert!(unknown.to_string().contains("--state dead"), "{unknown}");
    let done = said(&on_disk, resend(Some(id))).await.unwrap();
    assert!(done.starts_with("1 event is sent again"), "{done}");
    assert_eq!(said(&on_disk, resend(None)).await.unwrap(), "no event is dead\n");
    assert!(
        said(&on_disk, listing(Some(State::Waiting), false)).await.unwrap().contains("waiting")
    );
}

#[tokio::test]
async fn ops_13_an_import_names_the_key_of_a_receiver_that_may_not_be() {
    let on_disk = OnDisk::default();
    let refused = async |section: &str| imported(&on_disk, section).await.unwrap_err().lines();
    let inside = refused(&format!("url = \"https://10.0.0.1/\"\nsecret = \"{SECRET}\"")).await;
    assert!(inside.contains("business.toml:") && inside.contains("webhooks.url"), "{inside}");
    assert!(inside.contains("server.allow_private_webhooks"), "{inside}");
    let plain = refused(&format!("url = \"http://x.example/\"\nsecret = \"{SECRET}\"")).await;
    assert!(plain.contains("must begin with https://"), "{plain}");
    let bare = refused("url = \"https://x.example/\"").await;
    assert!(bare.contains("webhooks.secret: is missing") && bare.contains("openssl"), "{bare}");
    let short = refused("url = \"https://x.example/\"\nsecret = \"whsec_c2hvcnQ=\"").await;
    assert!(short.contains("webhooks.secret") && !short.contains("c2hvcnQ"), "{short}");
    let event = refused("url = \"https://x.example/\"\nevents = [\"call.begun\"]").await;
    assert!(event.contains("call.begun") && event.contains("call.ended"), "{event}");
}

#[tokio::test]
async fn ops_13_a_secret_is_in_no_export_and_a_copy_without_it_keeps_it() {
    let (on_disk, _) = with_a_dead_event().await;
    let mut out = Vec::new();
    let export = business::Command::Export { slug: slug() };
    business::run(export, &on_disk.config(), &Platform::live(), &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("https://127.0.0.1.example/") && !text.contains("whsec_"), "{text}");
    let import = business::Command::Import { file: on_disk.file("copy.toml", &text) };
    business::run(import, &on_disk.config(), &Platform::live(), &mut Vec::new()).await.unwrap();
}

#[tokio::test]
async fn ops_13_check_tells_of_dead_events_and_of_a_receiver_that_is_not_found() {
    let (on_disk, _) = with_a_dead_event().await;
    let mut out = Vec::new();
    check::run(&on_disk.config(), &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| line.contains(" webhooks ")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].contains("has a host that is not found"), "{text}");
    assert!(lines[1].contains("frontdesk webhooks resend tel-aviv-locks --all"), "{text}");
}
