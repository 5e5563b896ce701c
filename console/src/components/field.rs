//! A field of a form: its label, its control, its help, its default and its error.

use askama::Template;

use crate::markup::Markup;
use crate::texts::Texts;

/// A value to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub words: String,
}

impl Choice {
    #[must_use]
    pub fn new(value: impl Into<String>, words: impl Into<String>) -> Self {
        Self { value: value.into(), words: words.into() }
    }
}

/// What the value is entered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// One line. `kind` is HTML's `type`.
    Line { kind: &'static str, value: String },
    /// Several lines.
    Lines { value: String, rows: u8 },
    /// One of several values.
    Choice { value: String, choices: Vec<Choice> },
    /// Yes or no.
    Switch { on: bool },
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub label: String,
    pub control: Control,
    pub help: Option<String>,
    /// The value that holds if none is given.
    pub default: Option<String>,
    /// What is wrong with the value, and how to correct it.
    pub error: Option<String>,
    pub required: bool,
    /// Why the user can't change it; `None`: they can.
    pub locked: Option<String>,
    /// Whether the value is read from left to right whatever the page's direction: numbers, addresses, names of models.
    pub left_to_right: bool,
    /// HTML's `autocomplete`.
    pub autocomplete: Option<&'static str>,
}

impl Field {
    /// A field without help, default or error.
    #[must_use]
    pub fn new(name: impl Into<String>, label: impl Into<String>, control: Control) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            control,
            help: None,
            default: None,
            error: None,
            required: false,
            locked: None,
            left_to_right: false,
            autocomplete: None,
        }
    }

    /// One line of text.
    #[must_use]
    pub fn line(
        name: impl Into<String>,
        label: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Self::new(name, label, Control::Line { kind: "text", value: value.into() })
    }

    /// One line of another `type`, read from left to right.
    #[must_use]
    pub fn typed(
        kind: &'static str,
        name: &str,
        label: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        let control = Control::Line { kind, value: value.into() };
        Self { left_to_right: true, ..Self::new(name, label, control) }
    }

    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    #[must_use]
    pub fn error(self, error: Option<String>) -> Self {
        Self { error, ..self }
    }

    #[must_use]
    pub fn autocomplete(self, what: &'static str) -> Self {
        Self { autocomplete: Some(what), ..self }
    }

    /// The id of the control, and the beginning of the ids around it.
    pub(crate) fn id(&self) -> String {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        format!("f-{}", self.name.chars().map(plain).collect::<String>())
    }

    /// The ids of what describes the control.
    pub(crate) fn described_by(&self) -> String {
        let parts = [
            (self.error.is_some(), "error"),
            (self.help.is_some() || self.default.is_some(), "help"),
            (self.locked.is_some(), "locked"),
        ];
        let ids = parts.iter().filter(|(is_there, _)| *is_there);
        ids.map(|(_, part)| format!("{}-{part}", self.id())).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Template)]
#[template(path = "components/field.html")]
struct FieldHtml<'a> {
    t: &'a Texts,
    field: &'a Field,
}

impl Texts {
    pub(crate) fn field(&self, field: &Field) -> Markup {
        Markup::of(&FieldHtml { t: self, field })
    }
}
