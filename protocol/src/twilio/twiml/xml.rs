//! Verbs as XML. The XML writer does all escaping.

use std::borrow::Cow;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{Dial, RejectReason, Say, StreamNoun, Verb};

type Xml = Writer<Vec<u8>>;

/// Writes a whole document.
pub(super) fn write(verbs: &[Verb]) -> io::Result<String> {
    let mut xml = Writer::new(Vec::new());
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("Response")
        .write_inner_content(|xml| verbs.iter().try_for_each(|verb| write_verb(xml, verb)))?;
    String::from_utf8(xml.into_inner()).map_err(io::Error::other)
}

fn write_verb(xml: &mut Xml, verb: &Verb) -> io::Result<()> {
    match verb {
        Verb::Connect(stream) => {
            xml.create_element("Connect").write_inner_content(|xml| write_stream(xml, stream))?;
        }
        Verb::Play { url } => write_text(xml, "Play", &[], url)?,
        Verb::Say(Say { voice, language, text }) => {
            write_text(xml, "Say", &[("voice", voice), ("language", language)], text)?;
        }
        Verb::Redirect { url } => write_text(xml, "Redirect", &[("method", "POST")], url)?,
        Verb::Hangup => write_empty(xml, "Hangup", &[])?,
        Verb::Reject(RejectReason::Rejected) => write_empty(xml, "Reject", &[])?,
        Verb::Reject(RejectReason::Busy) => write_empty(xml, "Reject", &[("reason", "busy")])?,
        Verb::Dial(dial) => write_dial(xml, dial)?,
    }
    Ok(())
}

fn write_stream(xml: &mut Xml, stream: &StreamNoun) -> io::Result<()> {
    let mut attributes = vec![("url", stream.url())];
    attributes.extend(stream.status_callback().map(|url| ("statusCallback", url)));
    element(xml, "Stream", &attributes).write_inner_content(|xml| {
        stream.parameters().iter().try_for_each(|(name, value)| {
            write_empty(xml, "Parameter", &[("name", name), ("value", value)])
        })
    })?;
    Ok(())
}

fn write_dial(xml: &mut Xml, dial: &Dial) -> io::Result<()> {
    let timeout = dial.timeout_secs.to_string();
    let mut attributes = vec![("action", dial.action.as_str()), ("timeout", &timeout)];
    attributes.extend(dial.caller_id.as_ref().map(|number| ("callerId", number.as_str())));
    attributes.push(("answerOnBridge", "true"));
    element(xml, "Dial", &attributes)
        .write_inner_content(|xml| write_text(xml, "Number", &[], dial.number.as_str()))?;
    Ok(())
}

fn write_text(
    xml: &mut Xml,
    name: &str,
    attributes: &[(&str, &str)],
    text: &str,
) -> io::Result<()> {
    element(xml, name, attributes).write_text_content(BytesText::new(&clean(text)))?;
    Ok(())
}

fn write_empty(xml: &mut Xml, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
    element(xml, name, attributes).write_empty()?;
    Ok(())
}

fn element<'a>(
    xml: &'a mut Xml,
    name: &'a str,
    attributes: &[(&str, &str)],
) -> quick_xml::writer::ElementWriter<'a, Vec<u8>> {
    let cleaned = attributes.iter().map(|(name, value)| (*name, clean(value)));
    xml.create_element(name).with_attributes(cleaned)
}

/// Leaves out characters that XML 1.0 does not allow, and control characters.
fn clean(text: &str) -> Cow<'_, str> {
    let kept = |char: char| match char {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => !char.is_control(),
    };
    if text.chars().all(kept) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|char| kept(*char)).collect())
    }
}
