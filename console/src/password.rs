//! New passwords: one's own on its page, or the one that a one-time link lets a user choose.

use std::time::Duration;

use crate::components::Field;
use crate::page::page;
use crate::texts::Texts;

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

/// A new password, twice.
fn new_password(t: &Texts, wrong: Option<PasswordWrong>) -> [Field; 2] {
    let differs = wrong == Some(PasswordWrong::Differs);
    let wrong = wrong.map(|wrong| t.say(wrong.key()));
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
        new_password(t, self.wrong)
    }
}

page!(NewPasswordPage, "new_password.html");

/// Why a user's own password is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnPasswordWrong {
    /// The password that they have is another one.
    Current,
    /// Too many wrong passwords: the time to wait.
    Wait(Duration),
    New(PasswordWrong),
}

/// The page on which a user changes their own password.
#[derive(Debug, Clone, Default)]
pub struct OwnPasswordPage {
    pub wrong: Option<OwnPasswordWrong>,
}

impl OwnPasswordPage {
    pub(crate) fn fields(&self, t: &Texts) -> Vec<Field> {
        let (of_current, of_new) = match self.wrong {
            None => (None, None),
            Some(OwnPasswordWrong::Current) => (Some(t.say("password-current-wrong")), None),
            Some(OwnPasswordWrong::Wait(left)) => {
                (Some(t.named("sign-in-wait", t.length(&left))), None)
            }
            Some(OwnPasswordWrong::New(wrong)) => (None, Some(wrong)),
        };
        let current = Field::typed("password", "current", t.say("password-current"), "")
            .required()
            .error(of_current)
            .autocomplete("current-password");
        std::iter::once(current).chain(new_password(t, of_new)).collect()
    }
}

page!(OwnPasswordPage, "password.html");
