//! The operator's API (OPS-4): businesses, leads, appointments, slots, calls, written messages and events, in JSON. The operator's
//! listener has checked the token before. A test compares `ROUTES` with the OpenAPI document.

pub(super) mod appointments;
mod businesses;
pub(super) mod calls;
pub(super) mod conversations;
pub(super) mod error;
pub(super) mod leads;
mod messages;
mod openapi;
mod page;
mod query;
pub(super) mod request;
mod slot;
mod slots;
mod webhooks;

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;

use entities::RecordsError;
use http::{HeaderValue, Method, StatusCode, header};
use matchit::Router;
use warp::reply::Response;

use super::admin::Access;
use super::admin::state::AdminState;
use super::request::Request;
use super::response;
use error::{ApiError, ApiResult};
use request::ApiRequest;

type Handler = for<'a> fn(ApiRequest<'a>) -> Pin<Box<dyn Future<Output = ApiResult> + Send + 'a>>;

/// A path with the handler of each of its methods.
struct Route {
    /// As OpenAPI writes it, with at most one parameter in braces.
    path: &'static str,
    handlers: &'static [(Method, Handler)],
}

macro_rules! routes {
    ($($path:literal: $($method:ident $handler:path),+;)*) => {
        &[$(Route {
            path: $path,
            handlers: &[$((Method::$method, |request| Box::pin($handler(request)))),+],
        }),*]
    };
}

static ROUTES: &[Route] = routes! {
    "/api/businesses": GET businesses::list;
    "/api/businesses/{slug}": GET businesses::show, PATCH businesses::change;
    "/api/leads": GET leads::list;
    "/api/leads/{id}": GET leads::show, PATCH leads::change, DELETE leads::privacy::erase;
    "/api/leads/{id}/seen-to": POST leads::seen_to;
    "/api/leads/{id}/export": GET leads::privacy::export;
    "/api/leads/{id}/history": GET leads::history::list;
    "/api/appointments": GET appointments::list, POST appointments::book;
    "/api/appointments/{id}": GET appointments::show, PATCH appointments::reschedule, DELETE appointments::cancel;
    "/api/slots": GET slots::list;
    "/api/calls": GET calls::list, POST calls::place;
    "/api/calls/{call_sid}": GET calls::show;
    "/api/calls/{call_sid}/hangup": POST calls::hang_up;
    "/api/conversations": GET conversations::list;
    "/api/conversations/{id}": GET conversations::show;
    "/api/conversations/{id}/handled": POST conversations::handled;
    "/api/conversations/{id}/messages": POST conversations::write;
    "/api/messages": GET messages::list;
    "/api/webhooks": GET webhooks::list;
    "/api/webhooks/resend": POST webhooks::resend;
    "/api/openapi.json": GET openapi::show;
};

static ROUTER: LazyLock<Router<&Route>> = LazyLock::new(|| {
    let mut router = Router::new();
    for route in ROUTES {
        #[expect(clippy::expect_used, reason = "a test builds the router")]
        router.insert(route.path, route).expect("no two routes conflict");
    }
    router
});

/// Answers one request below `/api/`.
pub(super) async fn serve(state: &AdminState, access: Access, request: &Request) -> Response {
    let path = format!("/{}", request.path.trim_matches('/'));
    let Ok(found) = ROUTER.at(&path) else { return response::not_found() };
    let handlers = found.value.handlers;
    let Some((_, handler)) = handlers.iter().find(|(method, _)| *method == request.method) else {
        return method_not_allowed(handlers);
    };
    let parameter = found.params.iter().next().map_or("", |(_, value)| value);
    let result = handler(ApiRequest::new(state, access, request, parameter)).await;
    result.unwrap_or_else(|error| error.explained(&state.services.database).into_response())
}

/// The answer to a request whose token can't be looked up.
pub(super) fn unavailable(failed: RecordsError) -> Response {
    ApiError::from(failed).into_response()
}

fn method_not_allowed(handlers: &[(Method, Handler)]) -> Response {
    let message = "this method is not allowed here; the Allow header names those that are";
    let mut response =
        response::error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
    let methods = handlers.iter().map(|(method, _)| method);
    let head = methods.clone().any(Method::is_safe).then_some("HEAD");
    let allowed: Vec<&str> = methods.map(Method::as_str).chain(head).collect();
    if let Ok(allowed) = HeaderValue::from_str(&allowed.join(", ")) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ops_4_every_route_is_documented_and_nothing_else_is() {
        let routes: BTreeSet<(String, String)> = (ROUTES.iter())
            .flat_map(|route| route.handlers.iter().map(|(method, _)| (method, route.path)))
            .map(|(method, path)| (method.as_str().to_lowercase(), path.to_owned()))
            .collect();
        let document = serde_json::to_value(openapi::document()).unwrap();
        let documented: BTreeSet<(String, String)> =
            (document["paths"].as_object().unwrap().iter())
                .flat_map(|(path, item)| {
                    item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone()))
                })
                .collect();
        assert_eq!(routes, documented);
    }

    #[test]
    fn ops_4_every_route_is_reached_and_hides_no_other() {
        for route in ROUTES {
            let path = route.path.replace(['{', '}'], "");
            assert_eq!(ROUTER.at(&path).unwrap().value.path, route.path);
        }
    }
}
