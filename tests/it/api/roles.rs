//! Every endpoint of the API and the introspection, tried with each role (OPS-14).

use std::collections::BTreeMap;

use entities::tokens::{self, TokenRecord, TokenRole};
use frontdesk::http::admin::introspection_endpoints;
use frontdesk::world::World;
use http::{Method, StatusCode};
use protocol::ids::BusinessId;
use sha2::{Digest as _, Sha256};

use super::operator::{Operator, Wanted, clinic, operations};
use super::rows::Rows;
use crate::support::{brief_in_writing, http_client, virtually, within, world};

/// What a role may with an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    Yes,
    /// Of its own business alone.
    Own,
    No,
}

use May::{No, Own, Yes};

/// Roles: business; read of one business; read of all. The admin may all.
const TABLE: [(&str, [May; 3]); 35] = [
    ("get /api/businesses", [Own, Own, Yes]),
    ("get /api/businesses/{slug}", [Own, Own, Yes]),
    ("patch /api/businesses/{slug}", [Own, No, No]),
    ("get /api/leads", [Own, Own, Yes]),
    ("get /api/leads/{id}", [Own, Own, Yes]),
    ("patch /api/leads/{id}", [Own, No, No]),
    ("delete /api/leads/{id}", [Own, No, No]),
    ("post /api/leads/{id}/seen-to", [Own, No, No]),
    ("get /api/leads/{id}/export", [Own, Own, Yes]),
    ("get /api/leads/{id}/history", [Own, Own, Yes]),
    ("get /api/appointments", [Own, Own, Yes]),
    ("post /api/appointments", [Own, No, No]),
    ("get /api/appointments/{id}", [Own, Own, Yes]),
    ("patch /api/appointments/{id}", [Own, No, No]),
    ("delete /api/appointments/{id}", [Own, No, No]),
    ("get /api/slots", [Own, Own, Yes]),
    ("get /api/calls", [Own, Own, Yes]),
    ("post /api/calls", [Own, No, No]),
    ("get /api/calls/{call_sid}", [Own, Own, Yes]),
    ("post /api/calls/{call_sid}/hangup", [Own, No, No]),
    ("get /api/conversations", [Own, Own, Yes]),
    ("get /api/conversations/{id}", [Own, Own, Yes]),
    ("post /api/conversations/{id}/handled", [Own, No, No]),
    ("post /api/conversations/{id}/messages", [Own, No, No]),
    ("get /api/messages", [Own, Own, Yes]),
    ("get /api/webhooks", [Own, Own, Yes]),
    ("post /api/webhooks/resend", [Own, No, No]),
    ("get /api/openapi.json", [Yes, Yes, Yes]),
    ("get /introspect/actors", [No, No, Yes]),
    ("get /introspect/calls", [No, No, Yes]),
    ("get /introspect/calls/{}", [No, No, Yes]),
    ("get /introspect/provider", [No, No, Yes]),
    ("get /introspect/events", [No, No, Yes]),
    ("post /introspect/actors/{}/kill", [No, No, No]),
    ("get /metrics", [No, No, Yes]),
];

/// A token of this role, as its user sends it.
async fn token(world: &World, role: TokenRole, business: Option<BusinessId>) -> String {
    let services = world.app.services();
    let (id, secret) = (services.new_id(), format!("secret-{role:?}-{business:?}"));
    let digest: [u8; 32] = Sha256::digest(&secret).into();
    let hash = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let created_at = services.clock.wall();
    let record = TokenRecord { id, name: "test".to_owned(), role, business, created_at };
    tokens::add(&services.database, record, hash).await.unwrap();
    format!("fdt_{}_{secret}", id.simple())
}

async fn asks(world: &World, token: &str, wanted: &Wanted) -> (StatusCode, String) {
    let url = format!("http://{}{}", world.app.admin_address().unwrap(), wanted.target);
    let http = http_client(world);
    let mut request = http.request(wanted.method.clone(), &url).bearer_auth(token);
    if let Some(body) = &wanted.body {
        request = request.body(body.clone());
    }
    let answer = within("an answer", request.send()).await.unwrap();
    (answer.status, answer.text())
}

/// The request of a row of the table. The stream of events never ends, so only its refusal is read.
fn request(endpoint: &str, slug: &protocol::ids::Slug, rows: &Rows) -> Wanted {
    if endpoint.contains(" /api/") {
        return Wanted::sample(endpoint, slug, rows);
    }
    let (method, path) = endpoint.split_once(' ').unwrap();
    let path = path.replace("{}", if path.contains("calls") { rows.call.as_str() } else { "0" });
    Wanted::new(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), path)
}

#[test]
fn ops_14_every_endpoint_is_tried_with_each_role() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let document = Operator::of(&world).document().await;
        let table: BTreeMap<&str, [May; 3]> = TABLE.into_iter().collect();
        let system = introspection_endpoints().chain(["get /metrics".to_owned()]);
        let mut endpoints: Vec<String> = operations(&document).into_iter().chain(system).collect();
        // What changes the rows comes after what reads them.
        endpoints.sort_by_key(|endpoint| !endpoint.starts_with("get "));
        assert_eq!(
            table.len(),
            endpoints.len(),
            "an endpoint is gone from the daemon, or here twice"
        );
        let (other, foreign_slug) = clinic(&world).await;
        let (own, own_slug) = (world.business_id, world.business.slug.clone());
        let roles = [
            token(&world, TokenRole::Business, Some(own)).await,
            token(&world, TokenRole::Read, Some(own)).await,
            token(&world, TokenRole::Read, None).await,
        ];
        let admin = token(&world, TokenRole::Admin, None).await;
        let (rows, foreign) =
            (Rows::make(&world, own, 2).await, Rows::make(&world, other, 3).await);
        for endpoint in &endpoints {
            let Some(row) = table.get(endpoint.as_str()) else {
                panic!("say in the table what each role may with {endpoint}")
            };
            if endpoint.ends_with("/events") {
                for (token, may) in roles.iter().zip(row).filter(|(_, may)| **may == No) {
                    let wanted = request(endpoint, &own_slug, &foreign);
                    assert_eq!(asks(&world, token, &wanted).await.0, 403, "{endpoint} {may:?}");
                }
                continue;
            }
            for (token, may) in roles.iter().zip(row) {
                let (status, body) =
                    asks(&world, token, &request(endpoint, &own_slug, &rows)).await;
                let refused = status == StatusCode::FORBIDDEN && body.contains("forbidden");
                assert_eq!(refused, *may == No, "{endpoint}, {may:?}: {status} {body}");
                assert_ne!(status, StatusCode::UNAUTHORIZED, "{endpoint}");
                let is_read = endpoint.starts_with("get /api/");
                assert!(!is_read || status == StatusCode::OK, "{endpoint}: {status} {body}");
                if *may == Own {
                    let wanted = request(endpoint, &foreign_slug, &foreign);
                    let (status, body) = asks(&world, token, &wanted).await;
                    let is_list = endpoint == "get /api/businesses";
                    assert!(is_list || status == 404, "{endpoint} of another: {status} {body}");
                    assert!(!body.contains(foreign_slug.as_str()), "{endpoint}: {body}");
                }
            }
            let (status, body) = asks(&world, &admin, &request(endpoint, &own_slug, &rows)).await;
            let refused = status == StatusCode::FORBIDDEN && body.contains("\"forbidden\"");
            assert!(!refused && status != StatusCode::UNAUTHORIZED, "{endpoint}: {status} {body}");
        }
        world.close().await;
    });
}

#[test]
fn ops_14_a_token_that_is_revoked_or_altered_is_refused_at_once() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let good = token(&world, TokenRole::Read, None).await;
        let wanted = Wanted::get("/api/businesses");
        assert_eq!(asks(&world, &good, &wanted).await.0, StatusCode::OK);
        for bad in [format!("{good}x"), good.replacen("fdt_0", "fdt_1", 1), "fdt_".to_owned()] {
            assert_eq!(asks(&world, &bad, &wanted).await.0, StatusCode::UNAUTHORIZED, "{bad}");
        }
        let db = &world.app.services().database;
        let all = tokens::list(db).await.unwrap();
        assert!(tokens::revoke(db, all[0].id).await.unwrap());
        assert_eq!(asks(&world, &good, &wanted).await.0, StatusCode::UNAUTHORIZED);
        world.close().await;
    });
}

#[test]
fn ops_14_a_business_is_removed_by_an_admin_s_token_alone() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let (id, slug) = (world.business_id, world.business.slug.clone());
        let own = token(&world, TokenRole::Business, Some(id)).await;
        let admin = token(&world, TokenRole::Admin, None).await;
        let set = |standing: &str| {
            Wanted::new(Method::PATCH, format!("/api/businesses/{slug}"))
                .with(&serde_json::json!({ "standing": standing }))
        };
        assert_eq!(asks(&world, &own, &set("removed")).await.0, StatusCode::FORBIDDEN);
        let (status, body) = asks(&world, &own, &set("paused")).await;
        assert!(status == StatusCode::OK && body.contains("\"standing\":\"paused\""), "{body}");
        assert_eq!(asks(&world, &admin, &set("removed")).await.0, StatusCode::OK);
        let (status, body) = asks(&world, &admin, &set("answering")).await;
        assert!(status == StatusCode::CONFLICT && body.contains("import its file"), "{body}");
        // Its tokens went with it.
        assert_eq!(asks(&world, &own, &set("paused")).await.0, StatusCode::UNAUTHORIZED);
        world.close().await;
    });
}
