//! Users as administrators make and remove them, and the audit log.

use entities::users::{self, UserRole};
use http::StatusCode;

use super::browser::{Browser, PASSWORD, with_console};
use crate::support::{virtually, world};

/// The path of the link that the page shows.
fn link(page: &str) -> String {
    let at = page.find("/console/sign-in?link=").expect("a link");
    page[at..].chars().take("/console/sign-in?link=".len() + 64).collect()
}

#[test]
fn con_2_an_administrator_makes_a_user_who_chooses_a_password_by_a_link_once() {
    virtually(async {
        let world = world(with_console).await;
        let mut admin = Browser::of(&world, UserRole::Admin, &[]).await;
        let fields = [("name", "נועם"), ("role", "business"), ("business", "tel-aviv-locks")];
        let made = admin.post("/console/users", &fields).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text());
        let link = link(&made.text());

        let mut noam = Browser::new(&world);
        let page = noam.get(&link).await;
        assert!(page.text().contains("נועם"), "{}", page.text());
        // Whatever fetches the page for a preview has not used the link.
        let secret = link.rsplit('=').next().unwrap().to_owned();
        let choose = async |browser: &mut Browser<'_>, password: &str, again: &str| {
            let fields = [("link", secret.as_str()), ("password", password), ("again", again)];
            browser.post("/console/sign-in/password", &fields).await.status
        };
        let wrong = StatusCode::UNPROCESSABLE_ENTITY;
        assert_eq!(choose(&mut noam, "short", "short").await, wrong);
        assert_eq!(choose(&mut noam, PASSWORD, "another plain one").await, wrong);
        assert_eq!(choose(&mut noam, PASSWORD, PASSWORD).await, StatusCode::SEE_OTHER);
        assert!(noam.session().is_some(), "signed in");
        let mut late = Browser::new(&world);
        assert_eq!(late.get(&link).await.status, StatusCode::GONE);
        assert_eq!(choose(&mut late, PASSWORD, PASSWORD).await, StatusCode::GONE);
        let answer = late.sign_in("נועם", PASSWORD, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);

        let log = admin.get("/console/audit").await.text();
        for action in ["user.add", "user.link", "user.password", "sign_in"] {
            assert!(log.contains(action), "{action}: {log}");
        }
        let found = admin.get("/console/audit?q=user.link").await.text();
        assert!(found.contains("user.link") && !found.contains("sign_in"), "{found}");
        world.close().await;
    });
}

#[test]
fn con_2_a_form_of_a_user_that_is_wrong_makes_none() {
    virtually(async {
        let world = world(with_console).await;
        let mut admin = Browser::of(&world, UserRole::Admin, &[]).await;
        let business = ("business", "tel-aviv-locks");
        for fields in [
            vec![("name", "ADMIN 0"), ("role", "admin")],
            vec![("name", ""), ("role", "admin")],
            vec![("name", "noam"), ("role", "viewer")],
            vec![("name", "noam"), ("role", "business"), ("business", "no-such")],
            vec![("name", "noam"), ("role", "admin"), business],
        ] {
            let answer = admin.post("/console/users", &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
            assert!(answer.text().contains("field-error"), "{}", answer.text());
        }
        let fields = [("name", "noam"), ("role", "root")];
        let answer = admin.post("/console/users", &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(users::list(&world.app.services().database).await.unwrap().len(), 1);
        world.close().await;
    });
}

#[test]
fn con_2_a_user_is_given_other_rights_and_has_them_at_once() {
    virtually(async {
        let world = world(with_console).await;
        let mut admin = Browser::of(&world, UserRole::Admin, &[]).await;
        let mut noam = Browser::of(&world, UserRole::Business, &[world.business_id]).await;
        let db = &world.app.services().database;
        let all = users::list(db).await.unwrap();
        let id = |name: &str| all.iter().find(|user| user.name == name).unwrap().id;
        let (own, other) = (id("Admin 0"), id("Business 1"));
        let page = admin.get(&format!("/console/users?rights={other}")).await.text();
        assert!(page.contains(&format!("/console/users/{other}/rights")), "{page}");
        let path = format!("/console/users/{other}/rights");
        let answer = admin.post(&path, &[("role", "viewer")]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "no business");
        assert_eq!(noam.get("/console/users").await.status, StatusCode::FORBIDDEN);
        let answer = admin.post(&path, &[("role", "admin")]).await;
        assert_eq!(answer.headers["location"], "/console/users");
        assert_eq!(noam.get("/console/users").await.status, StatusCode::OK);
        let business = ("business", "tel-aviv-locks");
        let own = format!("/console/users/{own}/rights");
        let answer = admin.post(&own, &[("role", "viewer"), business]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "for oneself");
        let log = admin.get("/console/audit?q=user.edit").await.text();
        assert!(log.contains("user.edit"), "{log}");
        world.close().await;
    });
}

#[test]
fn con_2_nobody_removes_themselves_and_the_last_administrator_stays() {
    virtually(async {
        let world = world(with_console).await;
        let mut admin = Browser::of(&world, UserRole::Admin, &[]).await;
        let db = &world.app.services().database;
        let own = users::list(db).await.unwrap()[0].id;
        let answer = admin.post(&format!("/console/users/{own}/remove"), &[]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let fields = [("name", "noam"), ("role", "admin")];
        admin.post("/console/users", &fields).await;
        let noam = users::find_by_name(db, "noam").await.unwrap().unwrap().0.id;
        let page = admin.get(&format!("/console/users?remove={noam}")).await.text();
        assert!(page.contains("<dialog"), "{page}");
        let answer = admin.post(&format!("/console/users/{noam}/remove"), &[]).await;
        assert_eq!(answer.headers["location"], "/console/users");
        let answer = admin.post(&format!("/console/users/{noam}/remove"), &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(users::list(db).await.unwrap().len(), 1);
        world.close().await;
    });
}
