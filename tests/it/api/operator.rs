//! An API client, and a request for every operation, made from one business's rows.

use actors::http_client::HttpClient;
use frontdesk::world::World;
use http::{HeaderMap, Method, StatusCode};
use protocol::ids::{BusinessId, PhoneNumber, Slug};
use serde_json::{Value, json};

use super::rows::Rows;
use crate::support::{http_client, number, within};

pub(crate) const TOKEN: &str = "practice-world-admin-token";

/// A client with the token.
pub(crate) struct Operator {
    base: String,
    http: HttpClient,
}

#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Operator {
    pub(crate) fn of(world: &World) -> Self {
        let base = format!("http://{}", world.app.admin_address().unwrap());
        Self { base, http: http_client(world) }
    }

    /// Sends a request. A response without a body counts as null.
    pub(crate) async fn asks(&self, wanted: &Wanted) -> Answered {
        let url = format!("{}{}", self.base, wanted.target);
        let mut request = self.http.request(wanted.method.clone(), &url).bearer_auth(TOKEN);
        if let Some(body) = &wanted.body {
            request = request.body(body.clone());
        }
        if let Some(key) = &wanted.key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = within("an answer", request.send()).await.unwrap();
        let body = match answer.text().as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}")),
        };
        Answered { status: answer.status, headers: answer.headers, body }
    }

    /// Sends a GET request that must succeed.
    pub(crate) async fn gets(&self, target: &str) -> Value {
        let answer = self.asks(&Wanted::get(target)).await;
        assert_eq!(answer.status, StatusCode::OK, "{target}: {}", answer.body);
        answer.body
    }

    pub(crate) async fn document(&self) -> Value {
        self.gets("/api/openapi.json").await
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) body: Option<String>,
    pub(crate) key: Option<String>,
}

impl Wanted {
    pub(crate) fn new(method: Method, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), body: None, key: None }
    }

    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    pub(crate) fn with(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string());
        self
    }

    pub(crate) fn keyed(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// Adds a query parameter.
    pub(crate) fn and(mut self, parameter: &str) -> Self {
        let joint = if self.target.contains('?') { '&' } else { '?' };
        self.target = format!("{}{joint}{parameter}", self.target);
        self
    }

    /// A valid request to this operation (`get /api/leads/{id}`) for the business `slug` and these
    /// rows. Add new operations here too.
    pub(crate) fn sample(operation: &str, slug: &Slug, rows: &Rows) -> Self {
        let (method, path) = operation.split_once(' ').unwrap();
        let id = match path {
            "/api/appointments/{id}" => rows.appointment.0.to_string(),
            path if path.starts_with("/api/conversations/") => rows.conversation.0.to_string(),
            _ => rows.lead.to_string(),
        };
        let path = path.replace("{id}", &id);
        let path = path.replace("{slug}", slug.as_str());
        let path = path.replace("{call_sid}", rows.call.as_str());
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let plain = Self::new(method, path);
        let of_business = plain.clone().and(&format!("business={slug}"));
        match operation {
            "get /api/businesses" | "get /api/businesses/{slug}" | "get /api/openapi.json" => plain,
            "get /api/leads"
            | "get /api/leads/{id}"
            | "get /api/leads/{id}/history"
            | "get /api/leads/{id}/export"
            | "post /api/leads/{id}/seen-to"
            | "delete /api/leads/{id}"
            | "get /api/appointments"
            | "get /api/appointments/{id}"
            | "delete /api/appointments/{id}"
            | "get /api/calls"
            | "get /api/calls/{call_sid}"
            | "get /api/conversations"
            | "get /api/conversations/{id}"
            | "post /api/conversations/{id}/handled"
            | "get /api/messages"
            | "get /api/webhooks"
            | "post /api/calls/{call_sid}/hangup" => of_business,
            "get /api/slots" => of_business.and(&format!("date={}", &rows.free[..10])),
            "patch /api/businesses/{slug}" => plain.with(&json!({ "standing": "answering" })),
            "patch /api/leads/{id}" => of_business.with(&json!({ "full_name": "אחר" })),
            "patch /api/appointments/{id}" => {
                of_business.with(&json!({ "slot_start": rows.later }))
            }
            "post /api/appointments" => plain.with(&json!({
                "business": slug, "lead_id": rows.lead.0, "slot_start": rows.free,
            })),
            "post /api/conversations/{id}/messages" => {
                of_business.with(&json!({ "body": "נחזור אליך." }))
            }
            "post /api/webhooks/resend" => plain.with(&json!({ "business": slug })),
            "post /api/calls" => plain.with(&json!({ "business": slug, "to": number(7) })),
            unknown => panic!("say how {unknown} is asked"),
        }
    }
}

/// All operations of a document, as `get /api/leads/{id}`. What takes a row away comes last.
pub(crate) fn operations(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let methods: Vec<String> = item.as_object().unwrap().keys().cloned().collect();
        methods.into_iter().map(move |method| format!("{method} {path}")).collect::<Vec<_>>()
    };
    let mut all: Vec<String> = paths.iter().flat_map(of).collect();
    all.sort_by_key(|operation| operation.starts_with("delete "));
    all
}

/// A second business, like the world's own, in the same database.
pub(crate) async fn clinic(world: &World) -> (BusinessId, Slug) {
    let services = world.app.services();
    let mut clinic = world.business.clone();
    clinic.slug = Slug::parse("clinic").unwrap();
    clinic.phone_numbers = vec![PhoneNumber::parse("+97239999999").unwrap()];
    clinic.whatsapp_number = None;
    let (id, now) = (BusinessId(services.new_id()), services.clock.wall());
    let imported = frontdesk::app::business::import(&services.database, &clinic, id, now).await;
    (imported.unwrap().id, clinic.slug)
}
