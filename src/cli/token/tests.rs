//! Tokens are made, listed and revoked on a database on disk.

use super::*;
use crate::cli::tests::{OnDisk, example};

async fn said(on_disk: &OnDisk, command: Command) -> Result<String, CliError> {
    let mut out = Vec::new();
    run(command, &on_disk.config(), &Platform::live(), &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
}

fn listing() -> Command {
    Command::List { format: Format::default() }
}

fn adding(role: Role, business: Option<&str>) -> Command {
    let business = business.map(|slug| Slug::parse(slug).unwrap());
    Command::Add { name: "the CRM".to_owned(), role, business, json: false }
}

#[tokio::test]
async fn ops_14_a_token_is_shown_once_listed_without_its_secret_and_revoked() {
    let on_disk = OnDisk::default();
    let import = crate::cli::business::Command::Import { file: example("tel-aviv-locks") };
    crate::cli::business::run(import, &on_disk.config(), &Platform::live(), &mut Vec::new())
        .await
        .unwrap();
    assert!(said(&on_disk, listing()).await.unwrap().starts_with("no tokens"));
    let text = said(&on_disk, adding(Role::Business, Some("tel-aviv-locks"))).await.unwrap();
    let token = ApiToken::parse(text.trim()).unwrap();
    let listed = said(&on_disk, listing()).await.unwrap();
    let shown = listed.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert!(token.id.to_string().ends_with(shown.trim_start_matches('…')), "{listed}");
    assert!(listed.contains("tel-aviv-locks"), "{listed}");
    let csv = Command::List { format: Format { json: false, csv: true } };
    let csv = said(&on_disk, csv).await.unwrap();
    assert!(csv.starts_with("id,role,business,created_at,name\n"), "{csv}");
    assert!(csv.contains(&format!("{},business,tel-aviv-locks,", token.id)), "{csv}");
    assert!(listed.contains("the CRM"), "{listed}");
    let secret = text.trim().rsplit('_').next().unwrap().to_owned();
    let json =
        said(&on_disk, Command::List { format: Format { json: true, csv: false } }).await.unwrap();
    for text in [&listed, &json, &csv] {
        assert!(!text.contains(&secret) && !text.contains(&token.hash()), "{text}");
    }
    let revoke = || Command::Revoke { id: shown.parse().unwrap() };
    assert_eq!(said(&on_disk, revoke()).await.unwrap(), "revoked\n");
    let again = said(&on_disk, revoke()).await.unwrap_err();
    assert!(again.to_string().contains("frontdesk token list"), "{again}");
}

#[tokio::test]
async fn ops_14_a_role_and_its_business_must_fit() {
    let on_disk = OnDisk::default();
    let import = crate::cli::business::Command::Import { file: example("tel-aviv-locks") };
    crate::cli::business::run(import, &on_disk.config(), &Platform::live(), &mut Vec::new())
        .await
        .unwrap();
    for (command, told) in [
        (adding(Role::Business, None), "--business SLUG"),
        (adding(Role::Admin, Some("tel-aviv-locks")), "leave --business out"),
        (adding(Role::Read, Some("nobody")), "nobody"),
    ] {
        let refused = said(&on_disk, command).await.unwrap_err().to_string();
        assert!(refused.contains(told), "{refused}");
    }
    said(&on_disk, adding(Role::Read, None)).await.unwrap();
    said(&on_disk, adding(Role::Admin, None)).await.unwrap();
}

#[tokio::test]
async fn ops_14_the_list_of_tokens_fits_a_terminal_of_80_columns() {
    let on_disk = OnDisk::default();
    let text = std::fs::read_to_string(example("tel-aviv-locks")).unwrap();
    let slug = "a-business-with-a-slug-that-is-as-long-as-any";
    let file = on_disk.file("b.toml", &text.replace("tel-aviv-locks", slug));
    let import = crate::cli::business::Command::Import { file };
    crate::cli::business::run(import, &on_disk.config(), &Platform::live(), &mut Vec::new())
        .await
        .unwrap();
    let name = "what it is for, in a hundred characters, which nobody would ever need, and some do";
    let business = Some(Slug::parse(slug).unwrap());
    let add = Command::Add { name: name.to_owned(), role: Role::Business, business, json: false };
    said(&on_disk, add).await.unwrap();
    let listed = said(&on_disk, listing()).await.unwrap();
    let widest = listed.lines().map(|line| line.chars().count()).max();
    assert_eq!(widest, Some(80), "{listed}");
    assert!(listed.contains("what it is for"), "{listed}");
}
