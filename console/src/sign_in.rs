//! Sign-in, and the new password that a first sign-in asks for.

use std::time::Duration;

use crate::components::Field;
use crate::page::page;
use crate::texts::Texts;

/// Why nobody is signed in yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The name or the password is wrong; nobody is told which.
    Wrong,
    /// Too many wrong passwords: the time to wait.
    Wait(Duration),
    /// The session is over.
    Expired,
    /// The one-time link was used before, or is too old.
    StaleLink,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct SignInPage {
    /// What was entered. A password is never written back.
    pub user: String,
    pub refused: Option<Refused>,
    /// Where to go afterwards: a path of the console.
    pub next: String,
    /// No user exists yet: the command that makes one is shown.
    pub nobody_yet: bool,
    /// Guards the form before there is a session.
    pub csrf: String,
}

impl SignInPage {
    pub(crate) fn refusal(&self, t: &Texts) -> Option<String> {
        Some(match self.refused? {
            Refused::Wrong => t.say("sign-in-wrong"),
            Refused::Wait(left) => t.named("sign-in-wait", t.length(&left)),
            Refused::Expired => t.say("sign-in-expired"),
            Refused::StaleLink => t.say("sign-in-stale"),
        })
    }

    pub(crate) fn waits(&self) -> bool {
        matches!(self.refused, Some(Refused::Wait(_)))
    }

    pub(crate) fn fields(&self, t: &Texts) -> [Field; 2] {
        [
            Field::typed("text", "user", t.say("field-user"), &*self.user)
                .required()
                .autocomplete("username"),
            Field::typed("password", "password", t.say("field-password"), "")
                .required()
                .autocomplete("current-password"),
        ]
    }
}

page!(SignInPage, "sign_in.html");

/// What is wrong with a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordWrong {
    TooShort,
    TooLong,
    /// The user's name is in it.
    LikeName,
    /// It has too few different characters.
    Monotonous,
    /// It was entered twice, and differently.
    Differs,
}

impl PasswordWrong {
    /// The key of its text.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::TooShort => "password-too-short",
            Self::TooLong => "password-too-long",
            Self::LikeName => "password-like-name",
            Self::Monotonous => "password-monotonous",
            Self::Differs => "password-differs",
        }
    }
}

/// The page behind a one-time link, on which a user chooses their password.
#[derive(Debug, Clone, Default)]
pub struct NewPasswordPage {
    pub user: String,
    /// The link's secret; sent back with the form.
    pub link: String,
    pub wrong: Option<PasswordWrong>,
    /// Guards the form before there is a session.
    pub csrf: String,
}

impl NewPasswordPage {
    pub(crate) fn fields(&self, t: &Texts) -> [Field; 2] {
        let differs = self.wrong == Some(PasswordWrong::Differs);
        let wrong = self.wrong.map(|wrong| t.say(wrong.key()));
        let (of_both, of_first) = if differs { (wrong, None) } else { (None, wrong) };
        [
            Field::typed("password", "password", t.say("password-new"), "")
                .required()
                .help(t.say("password-new-help"))
                .error(of_first)
                .autocomplete("new-password"),
            Field::typed("password", "again", t.say("password-again"), "")
                .required()
                .error(of_both)
                .autocomplete("new-password"),
        ]
    }
}

page!(NewPasswordPage, "new_password.html");
