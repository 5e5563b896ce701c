//! XML as a tree of elements, as far as TwiML needs it.

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::twilio::debugger::Violation;

/// An element. `text` is its own text, trimmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    pub(super) text: String,
}

impl Element {
    /// Reads a document and returns its root.
    ///
    /// # Errors
    /// [`Violation::Xml`] if it is not well-formed.
    pub(super) fn read(text: &str) -> Result<Self, Violation> {
        if !text.starts_with('<') {
            return Err(Violation::Xml("the text doesn't begin with \"<\"".to_owned()));
        }
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(xml)?;
            match event {
                Event::Start(start) => open.push(Self::of(&start)?),
                Event::Empty(start) => attach(&mut open, Self::of(&start)?),
                Event::End(_) => {
                    if let Some(element) = open.pop() {
                        attach(&mut open, element);
                    }
                }
                Event::Text(text) => write(&mut open, &text.xml10_content()),
                Event::CData(text) => write(&mut open, &text.xml10_content()),
                Event::GeneralRef(name) => write(&mut open, &character(&name)?.to_string()),
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => break,
            }
        }
        root(open)
    }

    fn of(start: &BytesStart<'_>) -> Result<Self, Violation> {
        let attribute = |attribute: Attribute<'_>| {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(xml)?;
            Ok((attribute.key.as_ref().to_owned(), value.into_owned()))
        };
        let attributes = start
            .attributes()
            .map(|read| read.map_err(xml).and_then(attribute))
            .collect::<Result<_, _>>()?;
        Ok(Self { name: start.name().as_ref().to_owned(), attributes, ..Self::default() })
    }
}

/// The first entry of `open` stands for the document itself.
fn root(mut open: Vec<Element>) -> Result<Element, Violation> {
    let document = match open.pop() {
        Some(document) if open.is_empty() => document,
        _ => return Err(Violation::Xml("an element is not closed".to_owned())),
    };
    let mut roots = document.children.into_iter();
    match (roots.next(), roots.next(), document.text.trim()) {
        (Some(root), None, "") => Ok(root),
        _ => Err(Violation::Xml("a document has one root and no text beside it".to_owned())),
    }
}

fn attach(open: &mut [Element], mut child: Element) {
    child.text = child.text.trim().to_owned();
    if let Some(parent) = open.last_mut() {
        parent.children.push(child);
    }
}

fn write(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn character(name: &BytesRef<'_>) -> Result<char, Violation> {
    if let Some(character) = name.resolve_char_ref().map_err(xml)? {
        return Ok(character);
    }
    match name.as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(Violation::Xml(format!("unknown entity &{other};"))),
    }
}

fn xml(error: impl std::fmt::Display) -> Violation {
    Violation::Xml(error.to_string())
}
