//! Conversations of a database on disk, as the operator's commands show and move them.

use std::time::Duration;

use entities::conversations::ConversationId;
use entities::messages::{IncomingMessage, MessageKind};
use jiff::Timestamp;

use super::*;
use crate::cli::business;
use crate::cli::tests::{OnDisk, example};

const PERSON: &str = "+972501234567";

fn person() -> PhoneNumber {
    PhoneNumber::parse(PERSON).unwrap()
}

fn slug() -> Slug {
    Slug::parse("tel-aviv-locks").unwrap()
}

/// A business that a person wrote to, so long ago, and the person is one for a person of the business.
async fn written(ago: Duration) -> OnDisk {
    let on_disk = OnDisk::default();
    let import = business::Command::Import { file: example("tel-aviv-locks") };
    let platform = Platform::live();
    business::run(import, &on_disk.config(), &platform, &mut Vec::new()).await.unwrap();
    let db = database::open(&on_disk.config().database).await.unwrap();
    let business = find(&db, &slug()).await.unwrap();
    let at: Timestamp = platform.clock.wall() - ago;
    let message = IncomingMessage {
        id: MessageId(platform.chance.new_id(at)),
        person: person(),
        provider_sid: "SM00000000000000000000000000000001".to_owned(),
        body: "אפשר לדבר עם מישהו?".to_owned(),
        kind: MessageKind::Text,
        media: Vec::new(),
    };
    let id = ConversationId(platform.chance.new_id(at));
    conversations::take_in(&db, business, message, id, at).await.unwrap();
    let why = "model_failed";
    conversations::mark_undelivered(&db, business, &person(), why, false, at).await.unwrap();
    db.close().await.unwrap();
    on_disk
}

async fn said(on_disk: &OnDisk, command: Command) -> Result<String, CliError> {
    let mut out = Vec::new();
    run(command, &on_disk.config(), &Platform::live(), &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
}

fn answer(text: &str) -> Command {
    Command::Answer { business: slug(), person: person(), text: text.to_owned() }
}

async fn refused(on_disk: &OnDisk, command: Command) -> String {
    let lines = said(on_disk, command).await.unwrap_err().lines();
    assert_eq!(lines.lines().count(), 1, "{lines}");
    lines
}

#[tokio::test]
async fn wa_1_an_operator_lists_shows_answers_and_marks_a_conversation() {
    let on_disk = written(Duration::from_secs(60)).await;
    let list = || Command::List {
        business: slug(),
        needs_person: true,
        limit: 50,
        format: Format::default(),
    };
    let listed = said(&on_disk, list()).await.unwrap();
    assert!(listed.contains(PERSON) && listed.contains("needs a person: model_failed"), "{listed}");
    let taken = said(&on_disk, answer(" כן, אני כאן. ")).await.unwrap();
    assert!(taken.contains("within 30 s"), "{taken}");
    let show = Command::Show { business: slug(), person: person() };
    let shown = said(&on_disk, show).await.unwrap();
    let lines: Vec<&str> = shown.lines().collect();
    let db = database::open(&on_disk.config().database).await.unwrap();
    let business = find(&db, &slug()).await.unwrap();
    let came = messages::conversation(&db, business, &person(), 9).await.unwrap()[0].created_at;
    let came = came.in_tz("Asia/Jerusalem").unwrap();
    let at = |format: &str| came.strftime(format).to_string();
    assert!(lines[0].starts_with(&at("%Y-%m-%d %H:%M:%S < ")), "{shown}");
    assert!(listed.contains(&at("%Y-%m-%d %H:%M  needs")), "{listed}");
    assert!(lines[0].ends_with("< [received] אפשר לדבר עם מישהו?"), "{shown}");
    assert!(lines[1].ends_with("> [queued] כן, אני כאן."), "{shown}");
    // The running daemon finds it among what is due.
    let due = conversations::due_of_all(&db, Platform::live().clock.wall(), &[], 10).await.unwrap();
    assert_eq!(due, [(business, person())]);
    let (_, by_hand) = conversations::waiting(&db, business, &person()).await.unwrap();
    assert_eq!(by_hand.len(), 1);
    db.close().await.unwrap();
    let handled = Command::Handled { business: slug(), person: person() };
    said(&on_disk, handled).await.unwrap();
    assert_eq!(said(&on_disk, list()).await.unwrap(), "no conversations\n");
}

#[tokio::test]
async fn wa_1_what_can_t_be_sent_is_refused_with_what_to_do() {
    let on_disk = written(Duration::from_secs(25 * 60 * 60)).await;
    assert!(refused(&on_disk, answer("שלום")).await.contains("older than 24 h"));
    assert!(refused(&on_disk, answer("  ")).await.contains("is empty: write a text"));
    let long = "א".repeat(1_601);
    assert!(refused(&on_disk, answer(&long)).await.contains("has 1601 characters, and 1600"));
    let stranger = PhoneNumber::parse("+972509999999").unwrap();
    let to_stranger =
        Command::Answer { business: slug(), person: stranger.clone(), text: "שלום".to_owned() };
    assert!(refused(&on_disk, to_stranger).await.contains("has never written"));
    let handled = Command::Handled { business: slug(), person: stranger };
    assert!(refused(&on_disk, handled).await.contains("has never written"));
    let nobody = Slug::parse("nobody").unwrap();
    let list = Command::List {
        business: nobody,
        needs_person: false,
        limit: 50,
        format: Format::default(),
    };
    assert!(refused(&on_disk, list).await.contains("there is no business nobody"));
}
