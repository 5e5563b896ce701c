//! What surrounds every page: who looks at it, at which business, in which language, and the navigation.

use uuid::Uuid;

use crate::assets::{self, ROOT};
use crate::markup::Markup;
use crate::notice::Notice;
use crate::texts::{Locale, Texts};

/// What a user may do (CON-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Role {
    /// Everything, in every business.
    Admin,
    /// Everything in their businesses but what costs money or trust.
    Business,
    /// Reads.
    Viewer,
}

impl Role {
    /// The key of its name.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Admin => "role-admin",
            Self::Business => "role-business",
            Self::Viewer => "role-viewer",
        }
    }

    /// Its word in forms.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Business => "business",
            Self::Viewer => "viewer",
        }
    }
}

/// The user who looks at the page.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub id: Uuid,
    pub name: String,
    pub role: Role,
    /// Goes into every form; another site does not know it.
    pub csrf: String,
}

/// A business that the user may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BusinessRef {
    pub slug: String,
    pub name: String,
}

/// Light, dark, or as the device has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, strum::EnumIter)]
pub enum Theme {
    #[default]
    Device,
    Light,
    Dark,
}

impl Theme {
    /// Its word in the cookie and in forms.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme with this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Device, Self::Light, Self::Dark].into_iter().find(|theme| theme.word() == word)
    }

    fn key(self) -> &'static str {
        match self {
            Self::Device => "theme-device",
            Self::Light => "theme-light",
            Self::Dark => "theme-dark",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Light => "sun",
            Self::Dark => "moon",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Device => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Device,
        }
    }
}

/// Where in the navigation the page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Today,
    Calls,
    Calendar,
    Leads,
    Messages,
    Settings,
    TestCall,
    System,
    Users,
    Audit,
    StyleGuide,
    /// Sign-in, errors.
    Elsewhere,
}

/// What waits for a person; shown in the navigation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waiting {
    pub live_calls: u32,
    pub to_call_back: u32,
    pub conversations: u32,
}

/// An entry of the navigation.
pub(crate) struct NavItem {
    pub(crate) href: String,
    pub(crate) key: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) is_here: bool,
    pub(crate) waiting: u32,
}

/// What surrounds a page.
#[derive(Debug, Clone)]
pub struct Shell {
    pub texts: Texts,
    pub theme: Theme,
    /// `None`: nobody has signed in.
    pub user: Option<SignedIn>,
    /// The business that the page is about.
    pub business: Option<BusinessRef>,
    /// All that the user may see.
    pub businesses: Vec<BusinessRef>,
    pub place: Place,
    /// Path and query of this page, to come back to after a change of language or theme.
    pub path: String,
    pub notices: Vec<Notice>,
    pub waiting: Waiting,
    /// Whether the daemon speaks with the practice provider: no real person calls.
    pub practice: bool,
    /// Whether the daemon can be called from the browser.
    pub test_calls: bool,
    /// The address of this page's event stream; `None` if nothing on it moves.
    pub events: Option<String>,
}

impl Shell {
    pub(crate) fn locale(&self) -> Locale {
        self.texts.locale
    }

    /// The language that the page can be switched to.
    pub(crate) fn other_locale(&self) -> Locale {
        match self.texts.locale {
            Locale::Hebrew => Locale::English,
            Locale::English => Locale::Hebrew,
        }
    }

    pub(crate) fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    pub(crate) fn root(&self) -> &'static str {
        ROOT
    }

    /// An address of the business's pages.
    pub(crate) fn at(&self, path: impl AsRef<str>) -> String {
        let path = path.as_ref();
        match &self.business {
            Some(business) => format!("{ROOT}/b/{}/{path}", business.slug),
            None => format!("{ROOT}/{path}"),
        }
    }

    /// Whether there is another business to go to.
    pub(crate) fn can_switch(&self) -> bool {
        self.businesses.iter().any(|other| !self.is_of(other))
    }

    /// Whether the page is about this business.
    pub(crate) fn is_of(&self, other: &BusinessRef) -> bool {
        self.business.as_ref().is_some_and(|business| business.slug == other.slug)
    }

    /// Whether the user may change what belongs to the business.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.role != Role::Viewer)
    }

    /// Whether the user may call the daemon from the browser.
    #[must_use]
    pub fn may_test(&self) -> bool {
        self.test_calls && self.may_write()
    }

    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.role == Role::Admin)
    }

    /// The hidden field of every form that changes something.
    pub(crate) fn csrf(&self) -> Markup {
        let token = self.user.as_ref().map_or("", |user| user.csrf.as_str());
        let token = crate::markup::escaped(token);
        Markup::new(format!("<input type=\"hidden\" name=\"csrf\" value=\"{token}\">"))
    }

    pub(crate) fn theme_word(&self) -> &'static str {
        self.theme.word()
    }

    pub(crate) fn theme_key(&self) -> &'static str {
        self.theme.key()
    }

    pub(crate) fn theme_icon(&self) -> &'static str {
        self.theme.icon()
    }

    pub(crate) fn next_theme(&self) -> &'static str {
        self.theme.next().word()
    }

    /// What fits below the thumb on a telephone.
    pub(crate) fn main_nav(&self) -> Vec<NavItem> {
        if self.user.is_none() || self.business.is_none() {
            return Vec::new();
        }
        let Waiting { live_calls, to_call_back, conversations } = self.waiting;
        vec![
            self.item(Place::Today, "today", "nav-today", "home", 0),
            self.item(Place::Calls, "calls", "nav-calls", "phone", live_calls),
            self.item(Place::Calendar, "calendar", "nav-calendar", "calendar", 0),
            self.item(Place::Leads, "leads", "nav-leads", "people", to_call_back),
            self.item(Place::Messages, "messages", "nav-messages", "chat", conversations),
        ]
    }

    /// The rest.
    pub(crate) fn more_nav(&self) -> Vec<NavItem> {
        let mut items = Vec::new();
        if self.user.is_none() {
            return items;
        }
        if self.business.is_some() {
            items.push(self.item(Place::Settings, "settings", "nav-settings", "settings", 0));
            if self.may_test() {
                items.push(self.item(Place::TestCall, "test-call", "nav-test-call", "mic", 0));
            }
        }
        if self.is_admin() {
            items.push(self.of_all(Place::System, "system", "nav-system", "tree"));
            items.push(self.of_all(Place::Users, "users", "nav-users", "key"));
            items.push(self.of_all(Place::Audit, "audit", "nav-audit", "list"));
        }
        items
    }

    fn item(
        &self,
        place: Place,
        path: &str,
        key: &'static str,
        icon: &'static str,
        waiting: u32,
    ) -> NavItem {
        NavItem { href: self.at(path), key, icon, is_here: self.place == place, waiting }
    }

    /// A page of no business.
    fn of_all(&self, place: Place, path: &str, key: &'static str, icon: &'static str) -> NavItem {
        NavItem {
            href: format!("{ROOT}/{path}"),
            key,
            icon,
            is_here: self.place == place,
            waiting: 0,
        }
    }
}

impl Texts {
    /// A drawing beside a word, which says the same.
    pub(crate) fn icon(&self, name: &str) -> Markup {
        let sheet = assets::url("icons.svg");
        Markup::new(format!(
            "<svg class=\"icon icon-{name}\" aria-hidden=\"true\" focusable=\"false\"><use href=\"{sheet}#{name}\"></use></svg>"
        ))
    }
}
