//! Signing in, by password or by a one-time link, and out (CON-2).

use console::assets::ROOT;
use console::error::Problem;
use console::password::{NewPasswordPage, PasswordWrong};
use console::sign_in::SignInPage;
use entities::users;
use http::StatusCode;
use subtle::ConstantTimeEq as _;
use warp::reply::Response;

use super::form::{Form, own_path};
use super::preferences::Preferences;
use super::refused::{Answer, Refused};
use super::state::ConsoleState;
use super::visit::Visit;
use super::{answer, bare, client, cookies, session};
use crate::accounts::{AccountError, SignInRefused};
use crate::http::request::Request;
use crate::password::{PasswordError, PasswordFlaw};

/// How long a form can be sent, in seconds.
const FORM_SECS: i64 = 60 * 60;

/// A request without a session.
#[derive(Clone, Copy)]
pub(super) struct Stranger<'a> {
    pub(super) state: &'a ConsoleState,
    pub(super) request: &'a Request,
    pub(super) preferences: Preferences,
}

impl Stranger<'_> {
    /// A page with a form, guarded by a secret that is in the form and in a cookie. Another site can set
    /// neither.
    fn page(
        self,
        status: StatusCode,
        page: impl FnOnce(String) -> Box<dyn console::Page>,
    ) -> Response {
        let known = cookies::secret(self.request, cookies::FORM).map(str::to_owned);
        let secret = known.unwrap_or_else(|| self.state.operator.services.chance.next_secret());
        let shell = bare::shell(self.state, self.request, self.preferences);
        let mut response = answer::page_with(status, &shell, &*page(secret.clone()));
        cookies::keep(&mut response, cookies::FORM, &secret, FORM_SECS);
        response
    }

    /// The form that was sent, if it is one of ours.
    fn form(self) -> Result<Form, Refused> {
        let form = Form::of(self.request)?;
        let kept = cookies::secret(self.request, cookies::FORM).unwrap_or_default();
        let given = form.raw("csrf").unwrap_or_default();
        let is_own: bool = kept.as_bytes().ct_eq(given.as_bytes()).into();
        if is_own && !kept.is_empty() { Ok(form) } else { Err(Problem::StaleForm.into()) }
    }

    /// Signed in: the browser gets the secret of the session, and goes where it wanted to.
    fn welcome(self, secret: &str, next: Option<&str>) -> Response {
        let mut response = answer::redirect(next.and_then(own_path).unwrap_or(ROOT));
        cookies::keep_session(&mut response, secret);
        cookies::forget(&mut response, cookies::FORM);
        response
    }
}

/// The page with the form, or the one of a one-time link.
pub(super) async fn show(stranger: Stranger<'_>) -> Answer {
    let Stranger { state, request, .. } = stranger;
    let query = Form::of_query(request);
    if let Some(link) = query.get("link") {
        return show_link(stranger, link).await;
    }
    let next = query.get("next").and_then(own_path).unwrap_or_default().to_owned();
    if session::of(state, request).await?.is_some() {
        return Ok(answer::redirect(if next.is_empty() { ROOT } else { &next }));
    }
    let expired = query.get("expired").map(|_| console::sign_in::Refused::Expired);
    let nobody_yet = users::is_empty(&state.operator.services.database).await?;
    let page = SignInPage { next, nobody_yet, refused: expired, ..SignInPage::default() };
    Ok(stranger.page(StatusCode::OK, |csrf| Box::new(SignInPage { csrf, ..page })))
}

async fn show_link(stranger: Stranger<'_>, link: &str) -> Answer {
    let user = match cookies::is_secret(link) {
        true => stranger.state.accounts.by_link(link).await.map_err(refused)?,
        false => None,
    };
    Ok(match user {
        Some(user) => with_link(stranger, StatusCode::OK, &user.name, link, None),
        None => stale(stranger),
    })
}

fn with_link(
    stranger: Stranger<'_>,
    status: StatusCode,
    user: &str,
    link: &str,
    wrong: Option<PasswordWrong>,
) -> Response {
    let (user, link) = (user.to_owned(), link.to_owned());
    stranger.page(status, |csrf| Box::new(NewPasswordPage { user, link, wrong, csrf }))
}

fn stale(stranger: Stranger<'_>) -> Response {
    let refused = Some(console::sign_in::Refused::StaleLink);
    let page = |csrf| SignInPage { refused, csrf, ..SignInPage::default() };
    stranger.page(StatusCode::GONE, |csrf| Box::new(page(csrf)))
}

/// The form was sent: a name and a password.
pub(super) async fn submit(stranger: Stranger<'_>) -> Answer {
    use console::sign_in::Refused as Why;
    let form = stranger.form()?;
    let user = form.get("user").unwrap_or_default().to_owned();
    let password = form.raw("password").unwrap_or_default().to_owned();
    let next = form.get("next").and_then(own_path).map(str::to_owned);
    let address = client::address(stranger.request);
    let (status, why) = match stranger.state.accounts.sign_in(&user, password, address).await {
        Ok(secret) => return Ok(stranger.welcome(&secret, next.as_deref())),
        Err(SignInRefused::Failed(error)) => return Err(refused(error)),
        Err(SignInRefused::Wrong) => (StatusCode::UNPROCESSABLE_ENTITY, Why::Wrong),
        Err(SignInRefused::Wait(left)) => (StatusCode::TOO_MANY_REQUESTS, Why::Wait(left)),
    };
    tracing::warn!(?address, ?why, "a sign-in to the console was refused");
    let page = SignInPage {
        user,
        refused: Some(why),
        next: next.unwrap_or_default(),
        ..SignInPage::default()
    };
    Ok(stranger.page(status, |csrf| Box::new(SignInPage { csrf, ..page })))
}

/// The form of a one-time link was sent: a new password, twice.
pub(super) async fn choose_password(stranger: Stranger<'_>) -> Answer {
    let form = stranger.form()?;
    let link = form.get("link").filter(|link| cookies::is_secret(link)).unwrap_or_default();
    let accounts = &stranger.state.accounts;
    let Some(user) = accounts.by_link(link).await.map_err(refused)? else {
        return Ok(stale(stranger));
    };
    let again = |wrong| {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(with_link(stranger, status, &user.name, link, Some(wrong)))
    };
    let password = form.raw("password").unwrap_or_default();
    if form.raw("again").unwrap_or_default() != password {
        return again(PasswordWrong::Differs);
    }
    let address = client::address(stranger.request).map(|address| address.to_string());
    match accounts.choose_password(link, password.to_owned(), address.clone()).await {
        Ok(user) => {
            let secret = accounts.begin_session(&user, address).await?;
            Ok(stranger.welcome(&secret, None))
        }
        Err(AccountError::Password(flaw)) => again(wrong(flaw)),
        Err(AccountError::StaleLink) => Ok(stale(stranger)),
        Err(error) => Err(refused(error)),
    }
}

/// What the page says of a password that can't be chosen.
pub(super) fn wrong(flaw: PasswordFlaw) -> PasswordWrong {
    match flaw {
        PasswordFlaw::TooShort => PasswordWrong::TooShort,
        PasswordFlaw::TooLong => PasswordWrong::TooLong,
        PasswordFlaw::LikeName => PasswordWrong::LikeName,
        PasswordFlaw::Monotonous => PasswordWrong::Monotonous,
    }
}

/// What a page says of an error that no form can show.
pub(super) fn refused(error: AccountError) -> Refused {
    match error {
        AccountError::Records(error) => error.into(),
        AccountError::Hashing(PasswordError::Busy) => Problem::Busy.into(),
        AccountError::Unknown(_) => Problem::NotFound.into(),
        AccountError::Name(_)
        | AccountError::NameTaken(_)
        | AccountError::NoBusiness(_)
        | AccountError::AdminOfOne
        | AccountError::LastAdmin(_)
        | AccountError::Oneself
        | AccountError::TooMany
        | AccountError::Password(_)
        | AccountError::StaleLink
        | AccountError::Hashing(PasswordError::Failed(_)) => {
            tracing::error!(cause = %error, "a page of the console could not be shown");
            Problem::Internal.into()
        }
    }
}

/// Ends the session.
pub(super) async fn sign_out(visit: Visit<'_>) -> Answer {
    let address = client::address(visit.request).map(|address| address.to_string());
    let session = visit.session;
    visit.state.accounts.sign_out(&session.secret, &session.user, address).await?;
    let mut response = answer::redirect(&format!("{ROOT}/sign-in"));
    cookies::forget(&mut response, cookies::SESSION);
    Ok(response)
}

/// To the sign-in page, and afterwards back to where the request wanted to go.
pub(super) fn redirect(request: &Request) -> Response {
    let next = if request.method.is_safe() { request.target() } else { String::new() };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", &next);
    let had_session = cookies::secret(request, cookies::SESSION).is_some();
    if had_session {
        query.append_pair("expired", "true");
    }
    let mut response = answer::redirect(&format!("{ROOT}/sign-in?{}", query.finish()));
    if had_session {
        cookies::forget(&mut response, cookies::SESSION);
    }
    response
}
