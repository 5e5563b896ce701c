//! Pages that are told of what has changed (CON-4).

use std::time::Duration;

use actors::http_client::HttpClient;
use entities::users::UserRole;
use futures_util::future::join_all;
use http::StatusCode;

use super::browser::{Browser, with_console};
use crate::support::{number, virtually, within, world};

/// Longer than a stream lasts.
const PATIENCE: Duration = Duration::from_secs(400);

#[test]
fn con_4_a_hundred_open_pages_add_one_listener_to_the_calls_and_are_all_told() {
    virtually(async {
        let world = world(with_console).await;
        let noam = Browser::of(&world, UserRole::Business, &[world.business_id]).await;
        let introspection = &world.app.services().introspection;
        let before = introspection.listeners();
        let network = world.network();
        let (dialer, connections) = (network.plain_dialer(PATIENCE), network.http_connections());
        let http = HttpClient::new(dialer, connections, PATIENCE, 1024 * 1024);
        let path = format!("/console/b/{}", world.business.slug);
        let streams =
            join_all((0..100).map(|_| noam.get_by(&http, format!("{path}/events/today"))));
        let call = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert_eq!(introspection.listeners(), before + 1, "one for all pages");
            let caller = world.dial(&number(1));
            within("the greeting", caller.hears("שלום")).await.unwrap();
            // All are read again at once, as their browsers do it.
            let pages = join_all((0..100).map(|_| noam.get_by(&http, format!("{path}/today"))));
            for page in pages.await {
                assert_eq!(page.status, StatusCode::OK);
                assert!(page.text().contains(caller.call_sid().as_str()), "{}", page.text());
            }
            caller.hang_up();
        };
        let (streams, ()) = tokio::join!(streams, call);
        for stream in streams {
            let told = stream.text();
            assert!(told.contains("event:changed") && told.contains("live"), "{told}");
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(introspection.listeners(), before, "nobody looks any more");
        world.close().await;
    });
}
