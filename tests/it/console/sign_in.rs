//! Signing in and out, and what a session is worth.

use std::time::Duration;

use entities::audit::{self, EntryFilter};
use entities::users::{self, UserRole};
use frontdesk::world::World;
use http::StatusCode;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::browser::{Browser, PASSWORD, accounts, by, user, with_console};
use crate::support::{virtually, world};

async fn actions(world: &World) -> Vec<String> {
    let db = &world.app.services().database;
    let page = audit::list(db, EntryFilter::default(), None, 100).await.unwrap();
    page.items.into_iter().map(|entry| entry.action).collect()
}

#[test]
fn con_2_a_user_signs_in_goes_where_they_wanted_and_signs_out() {
    virtually(async {
        let world = world(with_console).await;
        user(&world, "Dana", UserRole::Admin, &[]).await;
        let mut browser = Browser::new(&world);
        let there = browser.get("/console/users").await;
        assert_eq!(there.headers["location"], "/console/sign-in?next=%2Fconsole%2Fusers");
        let answer = browser.sign_in("dana", PASSWORD, "/console/users").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        assert_eq!(answer.headers["location"], "/console/users");
        let page = browser.get("/console/users").await;
        assert!(page.text().contains("Dana"), "{}", page.text());
        assert_eq!(browser.get("/console/sign-in").await.headers["location"], "/console");

        let mut elsewhere = browser.clone();
        let answer = browser.post("/console/sign-out", &[]).await;
        assert_eq!(answer.headers["location"], "/console/sign-in");
        assert_eq!(browser.session(), None);
        let answer = elsewhere.get("/console/users").await;
        assert_eq!(
            answer.headers["location"], "/console/sign-in?next=%2Fconsole%2Fusers&expired=true",
            "the session is over, and not only forgotten"
        );
        assert_eq!(actions(&world).await, ["sign_out", "sign_in", "user.add"]);
        world.close().await;
    });
}

#[test]
fn con_2_after_the_sign_in_nobody_is_sent_to_another_site() {
    virtually(async {
        let world = world(with_console).await;
        user(&world, "dana", UserRole::Admin, &[]).await;
        for next in ["https://evil.example/", "//evil.example", "/console//evil.example", "/api"] {
            let answer = Browser::new(&world).sign_in("dana", PASSWORD, next).await;
            assert_eq!(answer.headers["location"], "/console", "{next}");
        }
        world.close().await;
    });
}

#[test]
fn con_2_ten_wrong_passwords_wait() {
    virtually(async {
        let world = world(with_console).await;
        user(&world, "dana", UserRole::Admin, &[]).await;
        let mut browser = Browser::new(&world);
        for _ in 0..10 {
            let answer = browser.sign_in("dana", "not the password", "").await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(!answer.text().contains("not the password"));
        }
        // The right one as well, and in another case of the name.
        let answer = browser.sign_in("DANA", PASSWORD, "").await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.text());
        assert!(browser.session().is_none());
        // A name that nobody has waits too: nobody is told which names there are.
        for status in [StatusCode::UNPROCESSABLE_ENTITY; 10]
            .into_iter()
            .chain([StatusCode::TOO_MANY_REQUESTS])
        {
            let answer = browser.sign_in("nobody", "not the password", "").await;
            assert_eq!(answer.status, status);
        }
        tokio::time::sleep(Duration::from_secs(31)).await;
        let answer = browser.sign_in("dana", PASSWORD, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        world.close().await;
    });
}

#[test]
fn con_2_a_sign_in_form_of_another_site_is_refused() {
    virtually(async {
        let world = world(with_console).await;
        user(&world, "dana", UserRole::Admin, &[]).await;
        let mut browser = Browser::new(&world);
        browser.get("/console/sign-in").await;
        let fields = [("user", "dana"), ("password", PASSWORD)];
        let answer = browser.post_as_it_is("/console/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        // A token without its cookie.
        let csrf = browser.csrf.clone();
        let mut stranger = Browser::new(&world);
        stranger.csrf = csrf;
        let answer = stranger.post("/console/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        world.close().await;
    });
}

#[test]
fn con_2_a_stolen_cookie_without_the_token_of_a_form_changes_nothing() {
    virtually(async {
        let world = world(with_console).await;
        let other = user(&world, "noam", UserRole::Admin, &[]).await;
        let mut browser = Browser::of(&world, UserRole::Admin, &[]).await;
        let before = actions(&world).await;
        let path = format!("/console/users/{other}/remove");
        browser.csrf = "0".repeat(64);
        for answer in [
            browser.post_as_it_is(&path, &[]).await,
            browser.post(&path, &[]).await,
            browser.post("/console/sign-out", &[]).await,
        ] {
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
        }
        assert_eq!(actions(&world).await, before);
        assert!(users::get(&world.app.services().database, other).await.unwrap().is_some());
        world.close().await;
    });
}

#[test]
fn con_2_the_session_of_a_removed_user_ends_and_so_do_those_of_an_old_password() {
    virtually(async {
        let world = world(with_console).await;
        user(&world, "root", UserRole::Admin, &[]).await;
        let db = &world.app.services().database;
        let mut browsers = Vec::new();
        for name in ["dana", "noam"] {
            user(&world, name, UserRole::Admin, &[]).await;
            let mut browser = Browser::new(&world);
            browser.sign_in(name, PASSWORD, "").await;
            assert_eq!(browser.get("/console/users").await.status, StatusCode::OK);
            browsers.push(browser);
        }
        let of = async |name: &str| users::find_by_name(db, name).await.unwrap().unwrap().0;
        accounts(&world).remove(&of("dana").await, by()).await.unwrap();
        let new = "other plain words here".to_owned();
        accounts(&world).set_password(&of("noam").await, new, by()).await.unwrap();
        for mut browser in browsers {
            let answer = browser.get("/console/users").await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER);
        }
        world.close().await;
    });
}

#[test]
fn con_2_a_user_changes_their_own_password_and_is_signed_out_everywhere_else() {
    virtually(async {
        let world = world(with_console).await;
        user(&world, "dana", UserRole::Viewer, &[world.business_id]).await;
        let (mut here, mut elsewhere) = (Browser::new(&world), Browser::new(&world));
        for browser in [&mut here, &mut elsewhere] {
            browser.sign_in("dana", PASSWORD, "").await;
        }
        assert_eq!(here.get("/console/password").await.status, StatusCode::OK);
        let new = "other plain words here";
        for (current, password, again) in [
            ("not the password", new, new),
            (PASSWORD, new, "other plain words"),
            (PASSWORD, "short", "short"),
            (PASSWORD, "dana and her words", "dana and her words"),
        ] {
            let fields = [("current", current), ("password", password), ("again", again)];
            let answer = here.post("/console/password", &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
            assert!(!answer.text().contains(new), "no password is written back");
        }
        let fields = [("current", PASSWORD), ("password", new), ("again", new)];
        let answer = here.post("/console/password", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        assert_eq!(here.get("/console/password").await.status, StatusCode::OK, "signed in here");
        assert_eq!(elsewhere.get("/console/password").await.status, StatusCode::SEE_OTHER);
        let answer = elsewhere.sign_in("dana", PASSWORD, "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "the old one is none");
        let answer = elsewhere.sign_in("dana", new, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(actions(&world).await.contains(&"user.password".to_owned()));
        world.close().await;
    });
}

#[test]
fn con_2_wrong_passwords_of_a_session_wait_as_those_of_a_sign_in() {
    virtually(async {
        let world = world(with_console).await;
        let mut browser = Browser::of(&world, UserRole::Admin, &[]).await;
        let new = "other plain words here";
        let mut change = async |current: &str| {
            let fields = [("current", current), ("password", new), ("again", new)];
            browser.post("/console/password", &fields).await
        };
        for _ in 0..10 {
            change("not the password").await;
        }
        let answer = change(PASSWORD).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "the right one waits too");
        tokio::time::sleep(Duration::from_secs(31)).await;
        assert_eq!(change(PASSWORD).await.status, StatusCode::SEE_OTHER);
        world.close().await;
    });
}

#[test]
fn con_2_a_session_goes_on_as_long_as_it_is_used() {
    virtually(async {
        let world = world(with_console).await;
        let mut browser = Browser::of(&world, UserRole::Admin, &[]).await;
        let secret = browser.session().unwrap().to_owned();
        let began = accounts(&world).session(&secret).await.unwrap().unwrap();
        tokio::time::sleep(Duration::from_mins(2)).await;
        assert_eq!(browser.get("/console/users").await.status, StatusCode::OK);
        let used = accounts(&world).session(&secret).await.unwrap().unwrap();
        assert!(used.seen_at >= began.seen_at + Duration::from_mins(2), "{used:?}");
        world.close().await;
    });
}

#[test]
fn con_2_no_secret_of_a_session_is_in_the_database() {
    virtually(async {
        let world = world(with_console).await;
        let browser = Browser::of(&world, UserRole::Admin, &[]).await;
        let dump = dump(&world).await;
        assert!(dump.contains(&browser.csrf), "the dump has the sessions");
        assert!(!dump.contains(browser.session().unwrap()));
        assert!(!dump.contains(PASSWORD));
        world.close().await;
    });
}

/// All rows of all tables as text.
async fn dump(world: &World) -> String {
    let db = &world.app.services().database;
    let texts = async |sql: String| -> Vec<String> {
        let rows = db.read(|db| async move {
            let statement = Statement::from_string(db.get_database_backend(), sql);
            let rows = db.query_all_raw(statement).await?;
            rows.into_iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, DbErr>>()
        });
        rows.await.unwrap()
    };
    let mut dump = String::new();
    for table in texts("SELECT name FROM sqlite_schema WHERE type = 'table'".to_owned()).await {
        let columns = texts(format!("SELECT name FROM pragma_table_info('{table}')")).await;
        let columns: Vec<_> =
            columns.iter().map(|column| format!("COALESCE(CAST({column} AS TEXT), '')")).collect();
        // Ids are bytes and no text.
        let row = format!("hex({})", columns.join(" || ' ' || "));
        for hex in texts(format!("SELECT {row} FROM {table}")).await {
            let bytes = hex
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
            dump.push_str(&String::from_utf8_lossy(&bytes.collect::<Vec<_>>()));
            dump.push('\n');
        }
    }
    dump
}
