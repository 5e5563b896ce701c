//! Which handler answers which address, and who may ask it.

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;

use console::error::Problem;
use http::Method;
use matchit::{Params, Router};

use super::refused::{Answer, Refused};
use super::visit::Visit;
use super::{
    audit, calendar, call, calls, conversation, home, lead, leads, live, messages, password,
    settings, sign_in, style_guide, system, test_call, today, users,
};

type Handler = for<'a> fn(Visit<'a>) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// Who may do it (CON-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Whoever has signed in and sees the business.
    Look,
    /// Whoever may change what belongs to the business.
    Change,
    /// Whoever has signed in; it changes nothing but what is their own.
    Oneself,
    /// An administrator.
    Admin,
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Self::Look => "Look",
            Self::Change => "Change",
            Self::Oneself => "Oneself",
            Self::Admin => "Admin",
        }
    }
}

/// What one method of an address does.
pub(super) struct Action {
    method: Method,
    pub(super) need: Need,
    pub(super) handler: Handler,
}

struct Route {
    /// Below `/console`.
    path: &'static str,
    actions: &'static [Action],
}

macro_rules! routes {
    ($($path:literal: $($method:ident $need:ident $handler:path),+;)*) => {
        &[$(Route {
            path: concat!("/console", $path),
            actions: &[$(Action {
                method: Method::$method,
                need: Need::$need,
                handler: |visit| Box::pin($handler(visit)),
            }),+],
        }),*]
    };
}

static ROUTES: &[Route] = routes! {
    "": GET Look home::show;
    "/b/{slug}/today": GET Look today::show;
    "/b/{slug}/calls": GET Look calls::show;
    "/b/{slug}/calls/{sid}": GET Look call::show;
    "/b/{slug}/calls/{sid}/hangup": POST Change call::hang_up;
    "/b/{slug}/calendar": GET Look calendar::show;
    "/b/{slug}/calendar/book": POST Change calendar::book;
    "/b/{slug}/calendar/{id}/move": POST Change calendar::reschedule;
    "/b/{slug}/calendar/{id}/cancel": POST Change calendar::cancel;
    "/b/{slug}/leads": GET Look leads::show;
    "/b/{slug}/leads/{id}": GET Look lead::show, POST Change lead::save;
    "/b/{slug}/leads/{id}/export": GET Change lead::export;
    "/b/{slug}/leads/{id}/erase": POST Change lead::erase;
    "/b/{slug}/leads/{id}/seen-to": POST Change lead::seen_to;
    "/b/{slug}/messages": GET Look messages::show;
    "/b/{slug}/messages/{id}": GET Look conversation::show, POST Change conversation::write;
    "/b/{slug}/messages/{id}/handled": POST Change conversation::handled;
    "/b/{slug}/events/{page}": GET Look live::of_business;
    "/events/system": GET Admin live::of_system;
    "/system": GET Admin system::show;
    "/system/check": POST Admin system::check;
    "/system/webhooks/{id}/resend": POST Admin system::resend;
    "/style-guide": GET Look style_guide::show;
    "/b/{slug}/settings": GET Look settings::index;
    "/b/{slug}/settings/prompt":
        GET Look settings::show_prompt, POST Change settings::save_prompt;
    "/b/{slug}/settings/changes": GET Look settings::show_changes;
    "/b/{slug}/settings/publish": POST Change settings::publish;
    "/b/{slug}/settings/discard": POST Change settings::discard;
    "/b/{slug}/settings/versions": GET Look settings::show_versions;
    "/b/{slug}/settings/versions/{number}/restore": POST Change settings::restore;
    "/b/{slug}/settings/{section}": GET Look settings::show, POST Change settings::save;
    "/b/{slug}/test-call": GET Change test_call::offer, POST Change test_call::start;
    "/b/{slug}/test-call/{sid}": GET Change test_call::show;
    "/b/{slug}/test-call/{sid}/say": POST Change test_call::say;
    "/b/{slug}/test-call/{sid}/hangup": POST Change test_call::hang_up;
    "/b/{slug}/test-call/{sid}/media": GET Change test_call::media;
    "/sign-out": POST Oneself sign_in::sign_out;
    "/password": GET Look password::show, POST Oneself password::change;
    "/users": GET Admin users::show, POST Admin users::add;
    "/users/{id}/password": POST Admin users::reset;
    "/users/{id}/rights": POST Admin users::set_rights;
    "/users/{id}/remove": POST Admin users::remove;
    "/audit": GET Admin audit::show;
};

static ROUTER: LazyLock<Router<&Route>> = LazyLock::new(|| {
    let mut router = Router::new();
    for route in ROUTES {
        #[expect(clippy::expect_used, reason = "a test builds the router")]
        router.insert(route.path, route).expect("no two routes conflict");
    }
    router
});

/// Every address: its method, its path with parameters in braces, and the name of what it needs.
pub fn endpoints() -> impl Iterator<Item = (Method, &'static str, &'static str)> {
    ROUTES.iter().flat_map(|route| {
        let of = |action: &Action| (action.method.clone(), route.path, action.need.name());
        route.actions.iter().map(of)
    })
}

/// An action, and the parameters of its address.
pub(super) struct Found<'a> {
    pub(super) action: &'static Action,
    pub(super) parameters: Params<'a, 'a>,
}

/// The action of a method and a path without a slash at its end.
pub(super) fn find<'a>(method: &Method, path: &'a str) -> Result<Found<'a>, Refused> {
    let found = ROUTER.at(path).map_err(|_| Refused(Problem::NotFound))?;
    let action = found.value.actions.iter().find(|action| action.method == *method);
    let action = action.ok_or(Refused(Problem::NotFound))?;
    Ok(Found { action, parameters: found.params })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn con_2_what_changes_something_is_no_get_and_needs_more_than_a_look() {
        for route in ROUTES {
            assert!(ROUTER.at(&route.path.replace(['{', '}'], "")).is_ok(), "{}", route.path);
            for action in route.actions {
                let is_look = action.need == Need::Look;
                assert!(action.method.is_safe() || !is_look, "{}", route.path);
            }
        }
    }
}
