//! A user's own password.

use console::done::Done;
use console::password::{OwnPasswordPage, OwnPasswordWrong, PasswordWrong};
use console::shell::Place;

use super::refused::Answer;
use super::sign_in::{refused, wrong};
use super::visit::Visit;
use super::{client, cookies};
use crate::accounts::{AccountError, SignInRefused};

/// The form.
pub(super) async fn show(visit: Visit<'_>) -> Answer {
    visit.page(Place::Elsewhere, &OwnPasswordPage::default()).await
}

/// Changes the password. All sessions of the user end, and a new one begins here.
pub(super) async fn change(visit: Visit<'_>) -> Answer {
    let field = |name| visit.form.raw(name).unwrap_or_default().to_owned();
    let (current, new) = (field("current"), field("password"));
    if new != field("again") {
        return again(&visit, OwnPasswordWrong::New(PasswordWrong::Differs)).await;
    }
    let (accounts, user) = (&visit.state.accounts, &visit.session.user);
    let address = client::address(visit.request);
    match accounts.change_password(user, current, new, address).await {
        Ok(()) => {
            let address = address.map(|address| address.to_string());
            let secret = accounts.begin_session(user, address).await?;
            let mut response = visit.done("password", Done::PasswordChanged);
            cookies::keep_session(&mut response, &secret);
            Ok(response)
        }
        Err(SignInRefused::Wrong) => again(&visit, OwnPasswordWrong::Current).await,
        Err(SignInRefused::Wait(left)) => again(&visit, OwnPasswordWrong::Wait(left)).await,
        Err(SignInRefused::Failed(AccountError::Password(flaw))) => {
            again(&visit, OwnPasswordWrong::New(wrong(flaw))).await
        }
        Err(SignInRefused::Failed(error)) => Err(refused(error)),
    }
}

async fn again(visit: &Visit<'_>, wrong: OwnPasswordWrong) -> Answer {
    visit.wrong(Place::Elsewhere, &OwnPasswordPage { wrong: Some(wrong) }).await
}
