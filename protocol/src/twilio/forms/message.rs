//! The webhooks of written messages: one that a person has sent, and how the delivery of ours goes.

use super::wire_enum::wire_enum;
use super::{FieldError, Form};
use crate::ids::PhoneNumber;
use crate::phone;

/// Numbers on WhatsApp carry this in front.
const CHANNEL: &str = "whatsapp:";
/// The longest name of a message that is read, in bytes. Twilio's have 34.
const LONGEST_SID: usize = 64;
/// Files of one message that are read. WhatsApp sends one.
const MOST_FILES: usize = 10;

/// The form of `/twilio/whatsapp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageForm {
    /// `MessageSid`. The same one twice is one message.
    pub sid: String,
    /// The person.
    pub from: PhoneNumber,
    /// The business.
    pub to: PhoneNumber,
    /// The words: `Body`, and a place or contact in words. Never cut.
    pub body: String,
    /// What it is besides.
    pub kind: MessageKind,
    /// Its files.
    pub files: Vec<MessageFile>,
}

/// A file of a message. It stays at Twilio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFile {
    /// `MediaUrl`.
    pub url: String,
    /// `MediaContentType`.
    pub content_type: String,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// Words alone.
    Text,
    /// A voice note or another sound.
    Audio,
    /// A picture or a sticker.
    Image,
    /// A video.
    Video,
    /// Another file.
    File,
    /// A place.
    Location,
    /// A contact.
    Contact,
}

wire_enum! {
    /// `MessageStatus`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum DeliveryStatus {
        /// Accepted for a messaging service.
        Accepted = "accepted",
        /// To be sent later.
        Scheduled = "scheduled",
        /// In Twilio's queue.
        Queued = "queued",
        /// On its way.
        Sending = "sending",
        /// The carrier has it.
        Sent = "sent",
        /// The person's device has it.
        Delivered = "delivered",
        /// The person has opened it.
        Read = "read",
        /// Some of the recipients have it.
        PartiallyDelivered = "partially_delivered",
        /// It could not be sent.
        Failed = "failed",
        /// It could not be delivered.
        Undelivered = "undelivered",
        /// It was taken back.
        Canceled = "canceled",
    }
}

/// The form of `/twilio/message-status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryForm {
    /// `MessageSid`.
    pub sid: String,
    /// `From`: the business.
    pub from: PhoneNumber,
    /// `MessageStatus`.
    pub status: DeliveryStatus,
    /// `ErrorCode`, with a failure.
    pub error_code: Option<u32>,
}

impl MessageForm {
    /// Reads the form.
    ///
    /// # Errors
    /// [`FieldError`] names the field: `MessageSid`, `From` or `To`.
    pub fn read(form: &Form) -> Result<Self, FieldError> {
        let files = files(form);
        let kind = kind(form, &files);
        let words = form.get("Body").unwrap_or_default();
        let beside = match kind {
            MessageKind::Location => place(form),
            MessageKind::Contact => "[a contact]".to_owned(),
            MessageKind::Text
            | MessageKind::Audio
            | MessageKind::Image
            | MessageKind::Video
            | MessageKind::File => String::new(),
        };
        let parts = [words, &*beside];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Ok(Self {
            sid: sid(form)?,
            from: number(form, "From")?,
            to: number(form, "To")?,
            // No database keeps this character, and nobody can type it.
            body: parts.join("\n").replace('\0', ""),
            kind,
            files,
        })
    }
}

impl DeliveryForm {
    /// Reads the form.
    ///
    /// # Errors
    /// [`FieldError`] names the field: `MessageSid`, `From` or `MessageStatus`.
    pub fn read(form: &Form) -> Result<Self, FieldError> {
        Ok(Self {
            sid: sid(form)?,
            from: number(form, "From")?,
            status: form.required("MessageStatus")?,
            error_code: form.optional("ErrorCode"),
        })
    }
}

fn sid(form: &Form) -> Result<String, FieldError> {
    let sid: String = form.required("MessageSid")?;
    let is_name = sid.len() <= LONGEST_SID && sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_name { Ok(sid) } else { Err(FieldError::Invalid("MessageSid")) }
}

fn number(form: &Form, field: &'static str) -> Result<PhoneNumber, FieldError> {
    let text: String = form.required(field)?;
    let number = text.strip_prefix(CHANNEL).unwrap_or(&text);
    phone::as_sent(number, None).ok_or(FieldError::Invalid(field))
}

fn files(form: &Form) -> Vec<MessageFile> {
    let file = |n: usize| {
        let url = form.get(&format!("MediaUrl{n}"))?.to_owned();
        let kind = form.get(&format!("MediaContentType{n}")).unwrap_or_default();
        Some(MessageFile { url, content_type: kind.to_owned() })
    };
    (0..MOST_FILES).map_while(file).collect()
}

fn kind(form: &Form, files: &[MessageFile]) -> MessageKind {
    if form.get("Latitude").is_some() && form.get("Longitude").is_some() {
        return MessageKind::Location;
    }
    let Some(file) = files.first() else {
        return match form.get("MessageType") {
            Some("contacts" | "contact") => MessageKind::Contact,
            _ => MessageKind::Text,
        };
    };
    let (main, detail) = file.content_type.split_once('/').unwrap_or(("", ""));
    match main {
        "audio" => MessageKind::Audio,
        "image" => MessageKind::Image,
        "video" => MessageKind::Video,
        "text" if detail.contains("vcard") => MessageKind::Contact,
        _ => MessageKind::File,
    }
}

fn place(form: &Form) -> String {
    let named = ["Label", "Address"].into_iter().filter_map(|field| form.get(field));
    let mut named: Vec<&str> = named.filter(|name| !name.trim().is_empty()).collect();
    named.dedup();
    let at = ["Latitude", "Longitude"].map(|field| form.get(field).unwrap_or_default()).join(", ");
    if named.is_empty() {
        return format!("[a location ({at})]");
    }
    format!("[a location: {} ({at})]", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(more: &[(&str, &str)]) -> Form {
        let base = [
            ("MessageSid", "SM00000000000000000000000000000001"),
            ("From", "whatsapp:+393330000001"),
            ("To", "whatsapp:+390200000001"),
        ];
        let of = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Form::from(more.iter().chain(&base).map(of).collect::<Vec<_>>())
    }

    #[test]
    fn wa_2_a_text_is_read_whole_with_its_spaces() {
        let body = "Città & più: 1+1=2 \n👩‍💻".to_owned() + &"א".repeat(3000);
        let read = MessageForm::read(&form(&[("Body", &body), ("NumMedia", "0")])).unwrap();
        assert_eq!((read.body, read.kind), (body, MessageKind::Text));
        assert_eq!(read.from.as_str(), "+393330000001");
        assert_eq!(read.to.as_str(), "+390200000001");
    }

    #[test]
    fn wa_6_what_is_no_text_is_known_by_its_kind_and_a_place_is_told_in_words() {
        for (content_type, kind) in [
            ("audio/ogg", MessageKind::Audio),
            ("image/webp", MessageKind::Image),
            ("video/mp4", MessageKind::Video),
            ("application/pdf", MessageKind::File),
            ("text/vcard", MessageKind::Contact),
            ("", MessageKind::File),
        ] {
            let media = [("MediaUrl0", "https://x.test/1"), ("MediaContentType0", content_type)];
            let read = MessageForm::read(&form(&media)).unwrap();
            assert_eq!(read.kind, kind, "{content_type}");
            assert_eq!(read.files.len(), 1);
        }
        let at = [("Latitude", "32.08"), ("Longitude", "34.78")];
        for (names, told) in [
            (&[("Label", "Our gate")][..], "[a location: Our gate (32.08, 34.78)]"),
            (
                &[("Label", "Gate"), ("Address", "1 Elm")],
                "[a location: Gate, 1 Elm (32.08, 34.78)]",
            ),
            (&[("Label", "1 Elm"), ("Address", "1 Elm")], "[a location: 1 Elm (32.08, 34.78)]"),
            (&[], "[a location (32.08, 34.78)]"),
        ] {
            let read = MessageForm::read(&form(&[&at[..], names].concat())).unwrap();
            assert_eq!((&*read.body, read.kind), (told, MessageKind::Location));
        }
    }

    #[test]
    fn a_form_without_its_numbers_or_with_an_odd_sid_is_refused_by_the_fields_name() {
        let wrong = |more: &[(&str, &str)]| MessageForm::read(&form(more)).unwrap_err();
        assert_eq!(wrong(&[("From", "whatsapp:shop")]), FieldError::Invalid("From"));
        assert_eq!(wrong(&[("To", "whatsapp:")]), FieldError::Invalid("To"));
        assert_eq!(wrong(&[("MessageSid", "SM 1")]), FieldError::Invalid("MessageSid"));
        assert_eq!(MessageForm::read(&Form::default()), Err(FieldError::Missing("MessageSid")));
    }

    #[test]
    fn wa_4_a_delivery_is_read_with_its_error() {
        let more = [("MessageStatus", "undelivered"), ("ErrorCode", "63016")];
        let read = DeliveryForm::read(&form(&more)).unwrap();
        assert_eq!((read.status, read.error_code), (DeliveryStatus::Undelivered, Some(63016)));
        let odd = DeliveryForm::read(&form(&[("MessageStatus", "eaten")]));
        assert_eq!(odd, Err(FieldError::Invalid("MessageStatus")));
    }
}
