//! Users are made, listed and removed on a database on disk.

use super::*;
use crate::cli::tests::{OnDisk, example};

const PASSWORD: &str = "four plain words here";

fn place<'a>(db: &'a Database, platform: &'a Platform) -> Place<'a> {
    Place { db, platform, origin: Some("https://console.example".to_owned()) }
}

async fn said(on_disk: &OnDisk, command: Command, typed: &str) -> Result<String, CliError> {
    let mut out = Vec::new();
    let db = database::open(&on_disk.config().database).await?;
    let typed = typed.to_owned();
    let done = perform(command, &place(&db, &Platform::live()), || Ok(typed), &mut out).await;
    db.close().await?;
    done.map(|()| String::from_utf8(out).unwrap())
}

fn adding(name: &str, role: Role, businesses: &[&str]) -> Command {
    let business = businesses.iter().map(|slug| Slug::parse(slug).unwrap()).collect();
    Command::Add { name: name.to_owned(), role, business, secret: Secret::default() }
}

fn listing() -> Command {
    Command::List { format: Format::default() }
}

async fn with_business() -> OnDisk {
    let on_disk = OnDisk::default();
    let import = crate::cli::business::Command::Import { file: example("tel-aviv-locks") };
    crate::cli::business::run(import, &on_disk.config(), &Platform::live(), &mut Vec::new())
        .await
        .unwrap();
    on_disk
}

#[tokio::test]
async fn ops_14_a_user_is_made_listed_and_removed_and_their_password_is_in_no_file() {
    let on_disk = with_business().await;
    assert!(said(&on_disk, listing(), "").await.unwrap().starts_with("no users yet"));
    let done = said(&on_disk, adding("Dana", Role::Admin, &[]), PASSWORD).await.unwrap();
    assert_eq!(done, "done\n");
    said(&on_disk, adding("נועם", Role::Business, &["tel-aviv-locks"]), PASSWORD).await.unwrap();
    let listed = said(&on_disk, listing(), "").await.unwrap();
    assert!(listed.contains("admin     -          Dana"), "{listed}");
    assert!(listed.contains("business  -          נועם  tel-aviv-locks"), "{listed}");
    let json = Command::List { format: Format { json: true, csv: false } };
    let shown: serde_json::Value =
        serde_json::from_str(&said(&on_disk, json, "").await.unwrap()).unwrap();
    assert_eq!(shown[1]["businesses"], serde_json::json!(["tel-aviv-locks"]));
    assert_eq!(shown[1]["password"], serde_json::Value::Null);
    let removing = |name: &str| Command::Remove { name: name.to_owned() };
    let last = said(&on_disk, removing("dana"), "").await.unwrap_err().to_string();
    assert!(last.contains("last user with role admin"), "{last}");
    let rights = |name: &str, role| {
        let business = vec![Slug::parse("tel-aviv-locks").unwrap()];
        Command::Rights { name: name.to_owned(), role, business }
    };
    said(&on_disk, rights("נועם", Role::Viewer), "").await.unwrap();
    let listed = said(&on_disk, listing(), "").await.unwrap();
    assert!(listed.contains("viewer  -          נועם  tel-aviv-locks"), "{listed}");
    let last = said(&on_disk, rights("dana", Role::Viewer), "").await.unwrap_err().to_string();
    assert!(last.contains("last user with role admin"), "{last}");
    assert_eq!(said(&on_disk, removing("נועם"), "").await.unwrap(), "removed\n");
    let again = said(&on_disk, removing("נועם"), "").await.unwrap_err().to_string();
    assert!(again.contains("frontdesk user list"), "{again}");
}

#[tokio::test]
async fn ops_14_a_password_is_typed_or_made_and_shown_once() {
    let on_disk = with_business().await;
    for (name, typed, told) in [
        ("dana", "short", "12 characters"),
        ("dana", "I am dana, let me in", "name in it"),
        ("dana", "aaaaaaaaaaaaaaaa", "different characters"),
        (" ", PASSWORD, "is empty"),
    ] {
        let refused = said(&on_disk, adding(name, Role::Admin, &[]), typed).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(told), "{refused}");
    }
    said(&on_disk, adding("dana", Role::Admin, &[]), PASSWORD).await.unwrap();
    let secret = Secret { generate: true, link: false };
    let password = Command::Password { name: "DANA".to_owned(), secret };
    let made = said(&on_disk, password, "").await.unwrap();
    assert_eq!(made.trim().len(), 29, "{made}");
    let db = database::open(&on_disk.config().database).await.unwrap();
    let platform = Platform::live();
    let accounts = Accounts::new(db.clone(), platform.clock, platform.chance);
    let sign_in =
        async |password: &str| accounts.sign_in("dana", password.to_owned(), None).await.is_ok();
    assert!(sign_in(made.trim()).await && !sign_in(PASSWORD).await);
    db.close().await.unwrap();
}

#[tokio::test]
async fn ops_14_a_role_and_the_businesses_of_a_user_must_fit() {
    let on_disk = with_business().await;
    for (command, told) in [
        (adding("dana", Role::Business, &[]), "--business SLUG"),
        (adding("dana", Role::Viewer, &[]), "--business SLUG"),
        (adding("dana", Role::Admin, &["tel-aviv-locks"]), "leave --business out"),
        (adding("dana", Role::Viewer, &["nobody"]), "nobody"),
    ] {
        // Said before a password is asked for.
        let mut asked = false;
        let db = database::open(&on_disk.config().database).await.unwrap();
        let typed = || {
            asked = true;
            Ok(PASSWORD.to_owned())
        };
        let done = perform(command, &place(&db, &Platform::live()), typed, &mut Vec::new()).await;
        let refused = done.unwrap_err().to_string();
        assert!(refused.contains(told) && !asked, "{refused}");
        db.close().await.unwrap();
    }
}

#[tokio::test]
async fn ops_14_a_link_is_printed_by_which_a_user_chooses_a_password() {
    let on_disk = with_business().await;
    let secret = Secret { generate: false, link: true };
    let adding =
        Command::Add { name: "dana".to_owned(), role: Role::Admin, business: vec![], secret };
    let again = Command::Password { name: "dana".to_owned(), secret };
    let mut links = Vec::new();
    for command in [adding, again] {
        let told = said(&on_disk, command, "").await.unwrap();
        let link = told.trim().strip_prefix("https://console.example/console/sign-in?link=");
        links.push(link.unwrap_or_else(|| panic!("{told}")).to_owned());
    }
    let db = database::open(&on_disk.config().database).await.unwrap();
    let platform = Platform::live();
    let accounts = Accounts::new(db.clone(), platform.clock, platform.chance);
    assert_eq!(accounts.by_link(&links[0]).await.unwrap(), None, "the newest holds");
    assert_eq!(accounts.by_link(&links[1]).await.unwrap().unwrap().name, "dana");
    db.close().await.unwrap();
}

#[test]
fn con_1_a_link_leads_to_a_listener_that_shows_the_console() {
    let on_disk = OnDisk::default();
    let of = |keys: &[(&str, &str)]| origin(&on_disk.config_with(keys));
    assert_eq!(of(&[]), None, "without a token nothing listens");
    let token = ("ADMIN__TOKEN", "0123456789abcdef");
    assert_eq!(of(&[token]).as_deref(), Some("http://127.0.0.1:8081"));
    let listen = ("CONSOLE__LISTEN", "127.0.0.1:8082");
    assert_eq!(of(&[listen]).as_deref(), Some("http://127.0.0.1:8082"));
    let public = ("CONSOLE__PUBLIC_URL", "https://desk.example.net");
    assert_eq!(of(&[listen, public]).as_deref(), Some("https://desk.example.net"));
}
