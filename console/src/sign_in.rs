//! Sign-in.

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
