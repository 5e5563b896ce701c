//! What is served without signing in, and with which headers.

use console::{assets, security};
use frontdesk::world::World;
use http::StatusCode;

use crate::support::{brief, http_client, virtually, world};

async fn get(world: &World, path: &str) -> actors::http_client::Answer {
    let address = world.app.console_address().unwrap();
    http_client(world).get(&format!("http://{address}{path}")).send().await.unwrap()
}

fn with_console(plan: &mut frontdesk::world::Plan) {
    brief(plan);
    plan.config.console.listen = Some("127.0.0.1:0".parse().unwrap());
}

#[test]
fn con_1_without_a_session_there_is_the_sign_in_page_and_nothing_else() {
    virtually(async {
        let world = world(with_console).await;
        for path in ["/console", "/console/b/tel-aviv-locks/today", "/console/no-such-page"] {
            let answer = get(&world, path).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            let to = answer.headers["location"].to_str().unwrap();
            assert!(to.starts_with("/console/sign-in?next=%2Fconsole"), "{to}");
        }
        let page = get(&world, "/console/sign-in?next=https://evil.example/").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("<form"), "{}", page.text());
        assert!(page.text().contains("name=\"next\" value=\"\""), "{}", page.text());
        for (name, value) in security::HEADERS {
            assert_eq!(page.headers[name], value, "{name}");
        }
        // The listener is for the console alone: it may be published.
        for path in ["/introspect/actors", "/api/businesses", "/metrics", "/twilio/voice"] {
            assert_eq!(get(&world, path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(get(&world, "/").await.headers["location"], "/console");
        world.close().await;
    });
}

#[test]
fn con_1_assets_have_strong_etags_and_are_kept_for_ever() {
    virtually(async {
        let world = world(with_console).await;
        for asset in assets::all() {
            let path = assets::url(asset.name);
            let answer = get(&world, &path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert_eq!(answer.body, asset.bytes, "{path}");
            assert_eq!(answer.headers["etag"], asset.etag.as_str(), "{path}");
            assert_eq!(answer.headers["cache-control"], assets::CACHE_CONTROL, "{path}");
            let address = world.app.console_address().unwrap();
            let http = http_client(&world);
            let again = http.get(&format!("http://{address}{path}"));
            let again = again.header("if-none-match", &asset.etag).send().await.unwrap();
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
            assert!(again.body.is_empty());
        }
        world.close().await;
    });
}
