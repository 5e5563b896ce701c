//! Who may sign in (CON-2).

use jiff::Timestamp;
use strum::IntoEnumIterator as _;
use uuid::Uuid;

use crate::components::{Choice, Control, Field};
use crate::page::page;
use crate::shell::Role;
use crate::texts::Texts;

/// A user in the list.
#[derive(Debug, Clone)]
pub struct UserRow {
    pub id: Uuid,
    pub name: String,
    pub role: Role,
    /// The names of their businesses; empty for admins.
    pub businesses: Vec<String>,
    pub last_seen: Option<Timestamp>,
    pub is_self: bool,
}

/// The form of a new user, with what was entered.
#[derive(Debug, Clone)]
pub struct UserForm {
    pub name: String,
    pub role: Role,
    /// Slug, name, and whether it is chosen.
    pub businesses: Vec<(String, String, bool)>,
    pub wrong_name: Option<String>,
    pub wrong_businesses: Option<String>,
    /// The user whose role and businesses are changed; `None`: a new one.
    pub of: Option<Uuid>,
}

impl UserForm {
    /// A user keeps their name.
    pub(crate) fn fields(&self, t: &Texts) -> Vec<Field> {
        let choices =
            Role::iter().map(|role| Choice::new(role.word(), t.say(role.key()))).collect();
        let role = Control::Choice { value: self.role.word().to_owned(), choices };
        let name = Field::typed("text", "name", t.say("field-user"), &*self.name)
            .required()
            .error(self.wrong_name.clone())
            .autocomplete("off");
        let role = Field::new("role", t.say("field-role"), role).help(t.say("field-role-help"));
        if self.of.is_some() { vec![role] } else { vec![name, role] }
    }
}

/// Why a user was not made or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserWrong {
    NameTaken,
    NameWrong,
    NoBusiness,
    AdminOfOne,
    TooMany,
    LastAdmin,
    Oneself,
}

impl UserWrong {
    /// The key of its text.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::NameTaken => "user-name-taken",
            Self::NameWrong => "user-name-wrong",
            Self::NoBusiness => "user-no-business",
            Self::AdminOfOne => "user-admin-of-one",
            Self::TooMany => "user-too-many",
            Self::LastAdmin => "user-last-admin",
            Self::Oneself => "user-oneself",
        }
    }
}

/// The page.
#[derive(Debug, Clone)]
pub struct UsersPage {
    pub users: Vec<UserRow>,
    pub form: UserForm,
    /// A user who was just made or whose password was reset: their name, and the link that sets a password once.
    pub link: Option<(String, String)>,
    /// The user whose removal is asked for once more.
    pub removing: Option<(Uuid, String)>,
    /// Why nothing was done, if it does not concern the form.
    pub refused: Option<UserWrong>,
}

page!(UsersPage, "users.html");
