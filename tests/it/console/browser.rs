//! A browser, as far as the console needs one: it keeps cookies, follows no redirects, and sends back the
//! token of the form that it has seen last.

use std::collections::BTreeMap;

use actors::http_client::{Answer, HttpClient};
use entities::audit::Author;
use entities::users::UserRole;
use frontdesk::accounts::{Accounts, NewUser};
use frontdesk::world::{Plan, World};
use http::StatusCode;
use protocol::ids::BusinessId;
use uuid::Uuid;

use crate::support::{brief, http_client};

pub(crate) const PASSWORD: &str = "four plain words here";

/// A plan whose console has a listener of its own.
pub(crate) fn with_console(plan: &mut Plan) {
    brief(plan);
    plan.config.console.listen = Some("127.0.0.1:0".parse().unwrap());
}

/// The users of a world, as commands and pages change them.
pub(crate) fn accounts(world: &World) -> Accounts {
    let services = world.app.services();
    Accounts::new(services.database.clone(), services.clock, services.chance.clone())
}

/// Makes a user with [`PASSWORD`].
pub(crate) async fn user(world: &World, name: &str, role: UserRole, sees: &[BusinessId]) -> Uuid {
    let new = NewUser {
        name: name.to_owned(),
        role,
        businesses: sees.to_vec(),
        password: Some(PASSWORD.to_owned()),
    };
    accounts(world).add(new, by()).await.unwrap()
}

/// Whoever changes something in a test.
pub(crate) fn by() -> Author {
    Author { user: None, name: "a test".to_owned(), address: None }
}

#[derive(Clone)]
pub(crate) struct Browser<'a> {
    world: &'a World,
    cookies: BTreeMap<String, String>,
    /// Of the last page.
    pub(crate) csrf: String,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, cookies: BTreeMap::new(), csrf: String::new() }
    }

    /// The browser of a new user with this role.
    pub(crate) async fn of(world: &'a World, role: UserRole, sees: &[BusinessId]) -> Self {
        let name = format!("{role:?} {}", sees.len());
        user(world, &name, role, sees).await;
        let mut browser = Self::new(world);
        let answer = browser.sign_in(&name, PASSWORD, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        browser.get("/console/style-guide").await;
        browser
    }

    pub(crate) async fn sign_in(&mut self, name: &str, password: &str, next: &str) -> Answer {
        self.get("/console/sign-in").await;
        let fields = [("user", name), ("password", password), ("next", next)];
        self.post("/console/sign-in", &fields).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let answer = self.get_by(&http_client(self.world), path.to_owned()).await;
        self.keep(&answer);
        answer
    }

    /// As another tab does it: this one keeps nothing of the answer.
    pub(crate) async fn get_by(&self, http: &HttpClient, path: String) -> Answer {
        let request = http.get(&self.url(&path)).header("cookie", &self.cookie_header());
        request.send().await.unwrap()
    }

    /// Sends a form with the token of the last page.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let fields: Vec<_> =
            [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.post_as_it_is(path, &fields).await
    }

    /// Sends a form without a token.
    pub(crate) async fn post_as_it_is(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let http = http_client(self.world);
        let request = http.post(&self.url(path)).header("cookie", &self.cookie_header());
        let answer = request.form(fields).send().await.unwrap();
        self.keep(&answer);
        answer
    }

    /// The secret of the session.
    pub(crate) fn session(&self) -> Option<&str> {
        self.cookies.get("__Host-frontdesk").map(String::as_str)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.world.app.console_address().unwrap())
    }

    fn cookie_header(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if name.starts_with("__Host-") {
                for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                    assert!(rest.split("; ").any(|it| it == attribute), "{cookie}");
                }
            }
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = answer.text();
        let marks = text.split("name=\"csrf\" value=\"").skip(1);
        // The form without a session follows those of the page's head, which have no token.
        let tokens = marks.filter_map(|rest| rest.split('"').next()).filter(|it| !it.is_empty());
        if let Some(token) = tokens.last() {
            self.csrf = token.to_owned();
        }
    }
}
