//! A person who has called or written: by name if it is known, else by number.

use protocol::ids::PhoneNumber;
use uuid::Uuid;

use crate::markup::{Markup, escaped};
use crate::texts::Texts;

/// A person, as lists name them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub lead: Option<Uuid>,
    pub name: Option<String>,
    /// `None`: withheld.
    pub phone: Option<PhoneNumber>,
}

impl Person {
    /// The address to call the person back.
    #[must_use]
    pub fn tel(&self) -> Option<String> {
        self.phone.as_ref().map(|phone| format!("tel:{phone}"))
    }
}

impl Texts {
    /// The name, or the number in its place.
    pub(crate) fn person(&self, person: &Person) -> Markup {
        match &person.name {
            Some(name) => self.name(name),
            None => self.phone(&person.phone),
        }
    }

    /// The same as plain text: for titles and labels.
    pub(crate) fn person_text(&self, person: &Person) -> String {
        match (&person.name, &person.phone) {
            (Some(name), _) => name.clone(),
            (None, Some(phone)) => format!("\u{2066}{phone}\u{2069}"),
            (None, None) => self.say("phone-withheld"),
        }
    }

    /// A button that calls the person, on a telephone.
    pub(crate) fn call_button(&self, person: &Person, key: &str) -> Markup {
        let Some(tel) = person.tel() else { return Markup::default() };
        let (words, icon) = (escaped(&self.say(key)), self.icon("phone"));
        let label = escaped(&self.named("call-person", self.person_text(person)));
        Markup::new(format!(
            "<a class=\"button\" href=\"{}\" title=\"{label}\">{icon}<span class=\"button-word\">{words}</span><span class=\"hidden\"> – {label}</span></a>",
            escaped(&tel)
        ))
    }
}
