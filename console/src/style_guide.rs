//! Every component in every state: for who changes the console.

use strum::IntoEnumIterator as _;

use crate::components::{Choice, Control, Field, Pager};
use crate::notice::{Notice, Tone};
use crate::page::page;
use crate::texts::Texts;

/// The page. It knows nothing: all it shows is made up.
#[derive(Debug, Clone, Copy, Default)]
pub struct StyleGuidePage;

/// Icons of the sheet, in its order.
const ICONS: [&str; 36] = [
    "brand", "home", "phone", "calendar", "people", "chat", "settings", "mic", "tree", "key",
    "list", "menu", "out", "down", "back", "forward", "check", "info", "alert", "lock", "sun",
    "moon", "device", "search", "plus", "close", "clock", "cut", "tool", "hang-up", "send", "undo",
    "download", "trash", "edit", "note",
];

impl StyleGuidePage {
    pub(crate) fn icons(&self) -> &'static [&'static str] {
        &ICONS
    }

    pub(crate) fn tones(&self) -> impl Iterator<Item = Tone> {
        Tone::iter()
    }

    pub(crate) fn notices(&self, t: &Texts) -> Vec<Notice> {
        Tone::iter().map(|tone| Notice::new(tone, t.say("guide-sentence"))).collect()
    }

    /// A field of every kind in every state. Names tell them apart.
    pub(crate) fn fields(&self, t: &Texts) -> Vec<Field> {
        let words = || t.say("guide-words");
        let choices = vec![Choice::new("a", t.say("yes")), Choice::new("b", t.say("no"))];
        let controls = [
            ("line", Control::Line { kind: "text", value: words() }),
            ("lines", Control::Lines { value: words(), rows: 2 }),
            ("choice", Control::Choice { value: "b".to_owned(), choices }),
            ("switch", Control::Switch { on: true }),
        ];
        let mut fields = Vec::new();
        for (name, control) in controls {
            let plain = Field::new(format!("{name}-plain"), t.say("guide-plain"), control.clone());
            fields.push(plain.help(t.say("guide-help")));
            let mut all =
                Field::new(format!("{name}-wrong"), t.say("guide-wrong"), control.clone())
                    .required();
            all.help = Some(t.say("guide-help"));
            all.default = Some("7s".to_owned());
            fields.push(all.error(Some(t.say("guide-error"))));
            let mut locked = Field::new(format!("{name}-locked"), t.say("guide-locked"), control);
            locked.locked = Some(t.say("locked-admin"));
            fields.push(locked);
        }
        fields.push(Field::typed("tel", "left-to-right", t.say("field-phone"), "+972 50-123-4567"));
        fields
    }

    pub(crate) fn pager(&self) -> Pager {
        Pager { newer: Some("#pager".to_owned()), older: Some("#pager".to_owned()) }
    }
}

page!(StyleGuidePage, "style_guide.html");
