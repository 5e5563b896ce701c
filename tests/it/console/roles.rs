//! Every address of the console, asked by every role (CON-2).

use entities::users::UserRole;
use frontdesk::http::console::endpoints;
use http::{Method, StatusCode};

use super::browser::{Browser, with_console};
use crate::api::operator::clinic;
use crate::support::{virtually, world};

const ROLES: [UserRole; 3] = [UserRole::Admin, UserRole::Business, UserRole::Viewer];

/// A path of the table with something at each parameter. Nothing has that id.
fn path(pattern: &str, slug: &str) -> String {
    let path = pattern.replace("{slug}", slug);
    let parts = path.split('/').map(|part| match part {
        "{sid}" => "CA00000000000000000000000000000001",
        part if part.starts_with('{') => "01a221a8-0000-7000-8000-000000000000",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn asked(browser: &mut Browser<'_>, method: &Method, path: &str) -> StatusCode {
    match *method {
        Method::GET => browser.get(path).await.status,
        _ => browser.post(path, &[]).await.status,
    }
}

#[test]
fn con_2_every_address_is_for_the_roles_and_the_businesses_that_it_is_for() {
    virtually(async {
        let world = world(with_console).await;
        let (_, clinic) = clinic(&world).await;
        for role in ROLES {
            let own = match role {
                UserRole::Admin => Vec::new(),
                UserRole::Business | UserRole::Viewer => vec![world.business_id],
            };
            let signed_in = Browser::of(&world, role, &own).await;
            for (method, pattern, need) in endpoints() {
                if pattern == "/console/sign-out" {
                    continue;
                }
                // Each with a session that no other request has ended.
                let mut browser = signed_in.clone();
                let is_for = match (need, role) {
                    ("Look" | "Oneself", _) | (_, UserRole::Admin) => true,
                    ("Change", UserRole::Business) => true,
                    ("Change", UserRole::Viewer) => false,
                    ("Admin", UserRole::Business | UserRole::Viewer) => false,
                    other => panic!("{other:?}"),
                };
                // An event stream that has begun does not end.
                let own = match is_for && pattern.contains("/events/") {
                    true => StatusCode::OK,
                    false => asked(&mut browser, &method, &path(pattern, "tel-aviv-locks")).await,
                };
                let what = format!("{method} {pattern} by {role:?}: {own}");
                // A form without fields can be wrong, or stale, but it is not refused for the role.
                assert_ne!(own, StatusCode::INTERNAL_SERVER_ERROR, "{what}");
                if !is_for {
                    assert_eq!(own, StatusCode::FORBIDDEN, "{what}");
                } else if method == Method::GET {
                    assert_ne!(own, StatusCode::FORBIDDEN, "{what}");
                }
                if pattern.contains("{slug}") && role != UserRole::Admin {
                    for slug in [clinic.as_str(), "no-such-business"] {
                        let theirs = asked(&mut browser, &method, &path(pattern, slug)).await;
                        let expected =
                            if is_for { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN };
                        assert_eq!(theirs, expected, "{method} {pattern} of {slug} by {role:?}");
                    }
                }
                let mut stranger = Browser::new(&world);
                let nobody = asked(&mut stranger, &method, &path(pattern, "tel-aviv-locks")).await;
                assert_eq!(nobody, StatusCode::SEE_OTHER, "{method} {pattern} by nobody");
            }
        }
        world.close().await;
    });
}
