//! Tokens are made, listed and revoked on a database on disk.

use super::*;
use crate::cli::tests::{OnDisk, example};

async fn said(on_disk: &OnDisk, command: Command) -> Result<String, CliError> {
    let mut out = Vec::new();
    run(command, &on_disk.config(), &Platform::live(), &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
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
    assert!(said(&on_disk, Command::List { json: false }).await.unwrap().starts_with("no tokens"));
    let text = said(&on_disk, adding(Role::Business, Some("tel-aviv-locks"))).await.unwrap();
    let token = ApiToken::parse(text.trim()).unwrap();
    let listed = said(&on_disk, Command::List { json: false }).await.unwrap();
    assert!(
        listed.contains(&token.id.to_string()) && listed.contains("tel-aviv-locks"),
        "{listed}"
    );
    assert!(listed.contains("the CRM"), "{listed}");
    let secret = text.trim().rsplit('_').next().unwrap().to_owned();
    let json = said(&on_disk, Command::List { json: true }).await.unwrap();
    for shown in [&listed, &json] {
        assert!(!shown.contains(&secret) && !shown.contains(&token.hash()), "{shown}");
    }
    assert_eq!(said(&on_disk, Command::Revoke { id: token.id }).await.unwrap(), "revoked\n");
    let again = said(&on_disk, Command::Revoke { id: token.id }).await.unwrap_err();
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
