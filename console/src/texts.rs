//! The console's texts in Hebrew and English, by Fluent: plurals, and direction marks round what is put in.
//!
//! The files are in `texts/`. A test compares their keys and arguments, and finds the keys that nobody uses.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use unic_langid::LanguageIdentifier;

use crate::count::{Count, grouped};

/// A language that the console speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, strum::EnumIter)]
pub enum Locale {
    /// Right to left; the default.
    #[default]
    Hebrew,
    English,
}

impl Locale {
    /// The language's tag of BCP 47.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Hebrew => "he",
            Self::English => "en",
        }
    }

    /// The language with this tag.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        [Self::Hebrew, Self::English].into_iter().find(|locale| locale.tag() == tag)
    }

    /// The direction of its script, as in HTML's `dir`.
    #[must_use]
    pub fn direction(self) -> &'static str {
        match self {
            Self::Hebrew => "rtl",
            Self::English => "ltr",
        }
    }

    /// Its name in itself.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::Hebrew => "עברית",
            Self::English => "English",
        }
    }
}

macro_rules! files {
    ($($name:literal),+) => {
        /// The files of both languages: name, Hebrew, English.
        pub(crate) const FILES: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("../texts/he/", $name, ".ftl")),
            include_str!(concat!("../texts/en/", $name, ".ftl")),
        )),+];
    };
}

files!("common", "work", "settings", "admin");

type Bundle = FluentBundle<FluentResource>;

static HEBREW: LazyLock<Bundle> = LazyLock::new(|| bundle(Locale::Hebrew));
static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Locale::English));

/// A file with a mistake gives the texts without it; a test reads all files strictly.
fn bundle(locale: Locale) -> Bundle {
    let language: LanguageIdentifier = locale.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![language]);
    // A text of ours in a text of ours needs no isolation, and would be read from left to right: all its letters would be in
    // isolates of their own. `named` isolates what others have written.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| {
        let FluentValue::Number(number) = value else { return None };
        whole(number.value).map(grouped)
    }));
    for (_, hebrew, english) in FILES {
        let text = match locale {
            Locale::Hebrew => hebrew,
            Locale::English => english,
        };
        let resource = FluentResource::try_new((*text).to_owned());
        bundle.add_resource_overriding(resource.unwrap_or_else(|(readable, _)| readable));
    }
    bundle
}

/// The number, if it is a whole one that is exact.
fn whole(number: f64) -> Option<u64> {
    let is_whole = number.fract() == 0.0 && (0.0..9e15).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and in range"
    )]
    is_whole.then_some(number as u64)
}

/// The texts, dates and numbers of one request: in the user's language, the business's zone, and now.
#[derive(Debug, Clone)]
pub struct Texts {
    pub(crate) locale: Locale,
    pub(crate) zone: TimeZone,
    pub(crate) now: Timestamp,
}

impl Texts {
    /// `zone` is that of the business, or of the daemon on pages without one.
    #[must_use]
    pub fn new(locale: Locale, zone: TimeZone, now: Timestamp) -> Self {
        Self { locale, zone, now }
    }

    #[must_use]
    pub fn locale(&self) -> Locale {
        self.locale
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A text without arguments.
    #[must_use]
    pub fn say(&self, key: &str) -> String {
        self.message(key, None)
    }

    /// A text with `$count`, by which it may choose its form.
    #[must_use]
    pub fn count(&self, key: &str, count: impl Count) -> String {
        self.message(key, Some(&FluentArgs::from_iter([("count", number(count.value()))])))
    }

    /// A text with `$name`, isolated from the text around it.
    #[must_use]
    pub fn named(&self, key: &str, name: impl AsRef<str>) -> String {
        let isolated = format!("\u{2068}{}\u{2069}", name.as_ref());
        self.message(key, Some(&FluentArgs::from_iter([("name", isolated)])))
    }

    /// A text with `$first` and `$second`, which are texts or numbers of ours.
    #[must_use]
    pub fn pair(&self, key: &str, first: impl AsRef<str>, second: impl AsRef<str>) -> String {
        let args = [("first", first.as_ref()), ("second", second.as_ref())];
        self.message(key, Some(&FluentArgs::from_iter(args)))
    }

    fn message(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let bundle: &Bundle = match self.locale {
            Locale::Hebrew => &HEBREW,
            Locale::English => &ENGLISH,
        };
        let mut wrong = Vec::new();
        let pattern = bundle.get_message(key).and_then(|message| message.value());
        let text = pattern.map(|it| bundle.format_pattern(it, args, &mut wrong).into_owned());
        // Brackets that no text of ours has, so that a test finds what is missing.
        text.filter(|_| wrong.is_empty()).unwrap_or_else(|| format!("⟦{key}⟧"))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts on a page are below 2^53")]
fn number(count: u64) -> FluentValue<'static> {
    FluentValue::from(count as f64)
}
