//! Every page with made-up data, in the states that matter.

mod admin;
mod settings;
mod work;

use console::Page;
use console::components::Person;
use console::shell::{BusinessRef, Place, Role, Shell, SignedIn, Theme, Waiting};
use console::texts::{Locale, Texts};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use protocol::ids::PhoneNumber;
use uuid::Uuid;

/// A page, what surrounds it, and a name for its state.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) shell: Shell,
    pub(crate) page: Box<dyn Page>,
}

/// All pages in all states.
pub(crate) fn all(locale: Locale, theme: Theme) -> Vec<Sample> {
    let of = World { locale, theme };
    let mut samples = work::all(of);
    samples.extend(settings::all(of));
    samples.extend(admin::all(of));
    samples
}

/// The address of a live page's event stream.
pub(crate) const EVENTS: &str = "/console/events";

/// In which language and colours.
#[derive(Clone, Copy)]
pub(crate) struct World {
    pub(crate) locale: Locale,
    pub(crate) theme: Theme,
}

impl World {
    pub(crate) fn shell(self, place: Place, role: Role) -> Shell {
        let business = BusinessRef {
            slug: "tel-aviv-locks".to_owned(),
            name: self.either("מנעולי תל אביב", "Tel Aviv Locks").to_owned(),
        };
        let other = BusinessRef {
            slug: "harbour-clinic".to_owned(),
            name: self.either("מרפאת הנמל", "Harbour Dental Clinic").to_owned(),
        };
        Shell {
            texts: self.texts(),
            theme: self.theme,
            user: Some(SignedIn {
                id: id(1),
                name: self.either("דנה כהן", "Dana Cohen").to_owned(),
                role,
                csrf: "c3JmLXRva2Vu".to_owned(),
            }),
            businesses: vec![business.clone(), other],
            business: Some(business),
            place,
            path: "/console/b/tel-aviv-locks/today".to_owned(),
            notices: Vec::new(),
            waiting: Waiting { live_calls: 1, to_call_back: 3, conversations: 2 },
            practice: false,
            test_calls: true,
            events: None,
        }
    }

    pub(crate) fn texts(self) -> Texts {
        let zone = TimeZone::get("Asia/Jerusalem").unwrap_or(TimeZone::UTC);
        Texts::new(self.locale, zone, now())
    }

    pub(crate) fn either(self, hebrew: &'static str, english: &'static str) -> &'static str {
        match self.locale {
            Locale::Hebrew => hebrew,
            Locale::English => english,
        }
    }

    /// A person with a name.
    pub(crate) fn person(self, number: u8) -> Person {
        let names = [
            ("יוסי לוי", "Joseph Levy"),
            ("רות אברהמי", "Ruth Abrahams"),
            ("Omar Haddad", "עומר חדאד"),
            ("משה בן־דוד", "Moses Davidson"),
        ];
        let (hebrew, english) = names[usize::from(number) % names.len()];
        Person { name: Some(self.either(hebrew, english).to_owned()), ..stranger(number) }
    }
}

/// A person of whom only the number is known.
pub(crate) fn stranger(number: u8) -> Person {
    Person { lead: Some(id(100 + number)), name: None, phone: phone(number) }
}

pub(crate) fn phone(number: u8) -> Option<PhoneNumber> {
    PhoneNumber::parse(&format!("+97250123456{}", number % 10)).ok()
}

pub(crate) fn number() -> Option<PhoneNumber> {
    PhoneNumber::parse("+97231234567").ok()
}

pub(crate) fn id(number: u8) -> Uuid {
    Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

pub(crate) fn sid(number: u8) -> String {
    format!("CA{number:032x}")
}

/// Sunday, 29 November 2026, 10:30 in Jerusalem.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_795_941_000).unwrap_or_default()
}

pub(crate) fn minutes_ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

pub(crate) fn in_minutes(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}
