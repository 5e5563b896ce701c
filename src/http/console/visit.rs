//! A request of a user who has signed in, and what its handler needs to answer it.

use std::sync::Arc;

use console::Page;
use console::done::Done;
use console::error::Problem;
use console::notice::{Notice, Tone};
use console::shell::{BusinessRef, Place, Shell, SignedIn, Waiting};
use console::texts::Texts;
use entities::audit::{About, Author, NewEntry};
use entities::businesses::{self, BusinessName, BusinessRecord};
use entities::{Database, RecordsError};
use http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use matchit::Params;
use protocol::ids::Slug;
use uuid::Uuid;
use warp::reply::Response;

use super::form::Form;
use super::preferences::Preferences;
use super::refused::{Answer, Refused};
use super::session::Session;
use super::state::ConsoleState;
use super::{answer, bare, client, waiting};
use crate::http::request::Request;

/// A request of a user who has signed in.
pub(super) struct Visit<'a> {
    pub(super) state: &'a Arc<ConsoleState>,
    pub(super) request: &'a Request,
    pub(super) session: &'a Session,
    /// The fields of a form that was sent.
    pub(super) form: Form,
    /// The parameters of the address.
    pub(super) query: Form,
    preferences: Preferences,
    parameters: Params<'a, 'a>,
    /// The business of the address; the user may see it.
    business: Option<BusinessRecord>,
}

impl<'a> Visit<'a> {
    /// # Errors
    /// The business of the address does not exist, or is not for this user.
    pub(super) async fn new(
        state: &'a Arc<ConsoleState>,
        request: &'a Request,
        preferences: Preferences,
        session: &'a Session,
        form: Form,
        parameters: Params<'a, 'a>,
    ) -> Result<Self, Refused> {
        let business = match parameters.get("slug") {
            Some(slug) => Some(find(state, session, slug).await?),
            None => None,
        };
        let query = Form::of_query(request);
        Ok(Self { state, request, session, form, query, preferences, parameters, business })
    }

    pub(super) fn db(&self) -> &'a Database {
        &self.state.operator.services.database
    }

    /// The time on the wall clock.
    pub(super) fn now(&self) -> Timestamp {
        self.state.operator.services.clock.wall()
    }

    /// Who asks, as the audit log says it.
    pub(super) fn author(&self) -> Author {
        let address = client::address(self.request).map(|address| address.to_string());
        let SignedIn { id, name, .. } = self.session.shown();
        Author { user: Some(id), name, address }
    }

    /// An entry of the audit log about the business of the address: every change has one (CON-2).
    pub(super) fn entry(&self, action: &'static str) -> NewEntry {
        NewEntry {
            id: self.state.operator.services.new_id(),
            at: self.now(),
            by: self.author(),
            action,
            business: self.business.as_ref().map(|business| business.id),
            object: None,
            detail: None,
            about: About::default(),
        }
    }

    /// The console's address as the browser has it: scheme, host and port.
    pub(super) fn origin(&self) -> String {
        match &self.state.public_url {
            Some(url) => url.to_string().trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.request.header("host").unwrap_or("localhost")),
        }
    }

    /// The business of the address.
    ///
    /// # Errors
    /// The route has no business.
    pub(super) fn business(&self) -> Result<&BusinessRecord, Refused> {
        self.business.as_ref().ok_or(Refused(Problem::NotFound))
    }

    /// A part of the address, such as `{sid}`; empty if the route has none.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).unwrap_or_default()
    }

    /// The UUID at `{id}` in the address.
    pub(super) fn id(&self) -> Result<Uuid, Refused> {
        Uuid::parse_str(self.parameter("id")).map_err(|_| Refused(Problem::NotFound))
    }

    /// The time zone of the business; UTC on pages without one.
    pub(super) fn zone(&self) -> TimeZone {
        let name = self.business.as_ref().map(|business| business.timezone.as_str());
        name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
    }

    /// The texts in the user's language.
    pub(super) fn texts(&self) -> Texts {
        Texts::new(self.preferences.locale, self.zone(), self.now())
    }

    /// An address of the business's pages.
    pub(super) fn at(&self, path: &str) -> String {
        let root = console::assets::ROOT;
        match &self.business {
            Some(business) => format!("{root}/b/{}/{path}", business.slug),
            None => format!("{root}/{path}"),
        }
    }

    /// What surrounds the page.
    pub(super) async fn shell(&self, place: Place) -> Result<Shell, Refused> {
        let waiting = match &self.business {
            Some(business) => waiting::of(self.state, business).await?,
            None => Waiting::default(),
        };
        let texts = self.texts();
        let done = self.query.get("done").and_then(Done::of_word);
        let done = done.map(|done| Notice::new(Tone::Good, texts.say(done.key())));
        Ok(Shell {
            user: Some(self.session.shown()),
            business: self.business.as_ref().map(shown),
            businesses: self.businesses().await?.into_iter().map(listed).collect(),
            place,
            notices: done.into_iter().collect(),
            waiting,
            texts,
            ..bare::shell(self.state, self.request, self.preferences)
        })
    }

    /// The page, as it is at rest.
    pub(super) async fn page(&self, place: Place, page: &dyn Page) -> Answer {
        Ok(answer::page(&self.shell(place).await?, page))
    }

    /// The page again, with what is wrong with its form.
    pub(super) async fn wrong(&self, place: Place, page: &dyn Page) -> Answer {
        let shell = self.shell(place).await?;
        Ok(answer::page_with(StatusCode::UNPROCESSABLE_ENTITY, &shell, page))
    }

    /// The page again, with what is wrong and has no place on it.
    pub(super) async fn wrong_with(
        &self,
        place: Place,
        page: &dyn Page,
        notices: Vec<String>,
    ) -> Answer {
        let mut shell = self.shell(place).await?;
        shell.notices.extend(notices.into_iter().map(|text| Notice::new(Tone::Bad, text)));
        Ok(answer::page_with(StatusCode::UNPROCESSABLE_ENTITY, &shell, page))
    }

    /// To another page of the business, which says what was done.
    pub(super) fn done(&self, path: &str, done: Done) -> Response {
        let mark = if path.contains('?') { '&' } else { '?' };
        answer::redirect(&self.at(&format!("{path}{mark}done={}", done.word())))
    }

    /// The businesses that the user may see, by their slugs.
    pub(super) async fn businesses(&self) -> Result<Vec<BusinessName>, RecordsError> {
        let mut all = businesses::names(self.db()).await?;
        all.retain(|business| self.session.sees(business.id));
        Ok(all)
    }
}

/// A business, as the shell and lists name it.
pub(super) fn listed(business: BusinessName) -> BusinessRef {
    BusinessRef { slug: business.slug.to_string(), name: business.name }
}

fn shown(business: &BusinessRecord) -> BusinessRef {
    BusinessRef { slug: business.slug.to_string(), name: business.name.clone() }
}

/// The business, if it exists and the user may see it. Nobody is told which of both is missing.
async fn find(
    state: &ConsoleState,
    session: &Session,
    slug: &str,
) -> Result<BusinessRecord, Refused> {
    let Ok(slug) = Slug::parse(slug) else { return Err(Problem::NotFound.into()) };
    let found = businesses::find_by_slug(&state.operator.services.database, &slug).await?;
    let found = found.filter(|business| session.sees(business.id));
    found.ok_or(Refused(Problem::NotFound))
}
