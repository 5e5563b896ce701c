//! The operator's API (OPS-4): businesses, leads, appointments, slots and calls, in JSON. The token was
//! asked for before (`http::admin`). One table says what is answered where; the OpenAPI document in
//! `openapi` is held against it.

mod appointments;
mod businesses;
mod calls;
mod leads;
mod openapi;
mod page;
mod query;
mod refusal;
mod slots;

use std::future::Future;
use std::pin::Pin;

use entities::DatabaseConnection;
use entities::businesses::{BusinessRecord, find_by_slug};
use http::{Method, StatusCode, header};
use protocol::business::BusinessSettings;
use protocol::ids::Slug;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use warp::reply::Response;

use super::Request;
use super::admin::AdminSide;
use super::request::error;
pub(super) use refusal::Refusal;

/// What a handler gives.
type Answer = Result<Response, Refusal>;

/// What answers a request.
type Handler = for<'a> fn(Ask<'a>) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// An address of the API and who answers there.
struct Route {
    method: Method,
    /// As OpenAPI writes it; at most one part stands in braces.
    path: &'static str,
    answer: Handler,
}

/// One line each: method, path, handler.
macro_rules! routes {
    ($($method:ident $path:literal $handler:path;)*) => {
        &[$(Route {
            method: Method::$method,
            path: $path,
            answer: |ask| Box::pin($handler(ask)),
        }),*]
    };
}

static ROUTES: &[Route] = routes! {
    GET "/api/businesses" businesses::list;
    GET "/api/businesses/{slug}" businesses::show;
    GET "/api/leads" leads::list;
    GET "/api/leads/{id}" leads::show;
    PATCH "/api/leads/{id}" leads::change;
    GET "/api/leads/{id}/history" leads::history::list;
    GET "/api/appointments" appointments::list;
    POST "/api/appointments" appointments::book;
    GET "/api/appointments/{id}" appointments::show;
    DELETE "/api/appointments/{id}" appointments::cancel;
    GET "/api/slots" slots::list;
    GET "/api/calls" calls::list;
    POST "/api/calls" calls::place;
    GET "/api/calls/{call_sid}" calls::show;
    POST "/api/calls/{call_sid}/hangup" calls::hang_up;
    GET "/api/openapi.json" openapi::show;
};

/// Answers one request below `/api/`.
pub(super) async fn serve(side: &AdminSide, request: &Request) -> Response {
    let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let here = || ROUTES.iter().filter_map(|route| Some((route, fits(route.path, &path)?)));
    if let Some((route, named)) = here().find(|(route, _)| route.method == request.method) {
        let asked = (route.answer)(Ask { side, request, named }).await;
        return asked.unwrap_or_else(Refusal::into_response);
    }
    let methods: Vec<&str> = here().map(|(route, _)| route.method.as_str()).collect();
    match http::HeaderValue::from_str(&methods.join(", ")) {
        Ok(methods) if !methods.is_empty() => {
            let message = "this address is not asked so; the Allow header says how";
            let mut answer = error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
            answer.headers_mut().insert(header::ALLOW, methods);
            answer
        }
        Ok(_) | Err(_) => super::request::nothing_here(),
    }
}

/// What stands at the braces of a route's path, if the path is the route's; empty where it has none.
fn fits<'a>(pattern: &str, path: &[&'a str]) -> Option<&'a str> {
    let mut named = "";
    let mut parts = path.iter();
    for wanted in pattern.trim_start_matches('/').split('/') {
        let part = parts.next().filter(|part| !part.is_empty())?;
        if wanted.starts_with('{') {
            named = part;
        } else if wanted != *part {
            return None;
        }
    }
    parts.next().is_none().then_some(named)
}

/// One request to the API.
#[derive(Clone, Copy)]
struct Ask<'a> {
    side: &'a AdminSide,
    request: &'a Request,
    /// What stands at the braces of the route's path.
    named: &'a str,
}

impl<'a> Ask<'a> {
    fn db(&self) -> &'a DatabaseConnection {
        &self.side.services.database
    }

    /// The parameters behind the question mark.
    fn query<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        query::read(self.request.query.as_deref())
    }

    /// The JSON that was sent.
    fn body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        if self.request.header("transfer-encoding").is_some() {
            let message = "send the body in one piece, with its Content-Length";
            return Err(Refusal::new(StatusCode::LENGTH_REQUIRED, "length_required", message));
        }
        query::body(&self.request.body)
    }

    /// The UUID in the path.
    fn id(&self) -> Result<Uuid, Refusal> {
        Uuid::parse_str(self.named)
            .map_err(|_| Refusal::bad("bad_id", "is no UUID: take it from a list").about("id"))
    }

    /// The business that a request names; no row is looked for without one (LEAD-3).
    async fn business(&self, slug: Option<&str>) -> Result<BusinessRecord, Refusal> {
        let missing = || Refusal::bad("bad_parameter", "is missing: say whose, by its slug");
        let slug = slug.ok_or_else(|| missing().about("business"))?;
        business(self.side, slug).await
    }
}

/// The business with this slug.
pub(super) async fn business(side: &AdminSide, slug: &str) -> Result<BusinessRecord, Refusal> {
    let found = match Slug::parse(slug) {
        Ok(slug) => find_by_slug(&side.services.database, &slug).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| {
        let message = "there is no such business; GET /api/businesses shows all";
        Refusal::not_found("no_such_business", message).about("business")
    })
}

/// A business's settings.
pub(super) fn settings(business: &BusinessRecord) -> Result<BusinessSettings, Refusal> {
    serde_json::from_value(business.settings.clone()).map_err(|error| {
        Refusal::internal(&format!("the settings of {} can't be read: {error}", business.slug))
    })
}

/// A query without parameters.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}
