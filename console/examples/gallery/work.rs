//! The pages of a day's work.

mod conversations;
mod days;
mod people;
mod talks;

use console::call::{CallEnd, Direction};
use console::calls::{CallRow, CallsPage, Filter, Show};
use console::components::{Pager, Person};
use console::shell::{Place, Role};
use protocol::call::EndReason;
use std::time::Duration;

use super::{Sample, World, minutes_ago, number, sid, stranger};

pub(super) fn all(of: World) -> Vec<Sample> {
    let mut samples = days::all(of);
    let calls = |name, page: CallsPage| Sample {
        name,
        shell: of.shell(Place::Calls, Role::Business),
        page: Box::new(page),
    };
    samples.push(calls("calls", calls_page(of)));
    samples.push(calls("calls-empty", CallsPage { number: number(), ..CallsPage::default() }));
    samples.push(calls(
        "calls-nothing-found",
        CallsPage { filter: filter(of), ..CallsPage::default() },
    ));
    samples.extend(talks::all(of));
    samples.extend(people::all(of));
    samples.extend(conversations::all(of));
    samples
}

fn filter(of: World) -> Filter {
    Filter {
        search: of.either("צילינדר", "cylinder").to_owned(),
        since: "2026-11-31".to_owned(),
        show: Show::Failed,
        wrong_since: Some(of.either("אין תאריך כזה", "There is no such date").to_owned()),
        ..Filter::default()
    }
}

fn calls_page(of: World) -> CallsPage {
    let ends = [
        None,
        Some(EndReason::LeadComplete),
        Some(EndReason::UpstreamFailed),
        Some(EndReason::CallerHungUp),
        Some(EndReason::NoResponse),
        Some(EndReason::Transferred),
        Some(EndReason::UserGoodbye),
        Some(EndReason::NotConnected),
    ];
    let row = |(at, end): (u8, Option<EndReason>)| CallRow {
        sid: sid(at),
        person: match at {
            2 => stranger(at),
            4 => Person::default(),
            _ => of.person(at),
        },
        direction: if at == 7 { Direction::Outbound } else { Direction::Inbound },
        started_at: minutes_ago(3 + i64::from(at) * 400),
        duration: end.map(|_| Duration::from_secs(31 + u64::from(at) * 40)),
        end: end.map(CallEnd),
        booked: at == 1,
        is_test: at == 6,
        about: (at % 3 == 1).then(|| {
            of.either(
                "דלת נעולה בכתובת דיזנגוף 99, קומה 3",
                "Locked out at 99 Dizengoff St, floor 3",
            )
            .to_owned()
        }),
    };
    CallsPage {
        calls: (0..).zip(ends).map(row).collect(),
        pager: Pager { newer: None, older: Some("?cursor=abc".to_owned()) },
        number: number(),
        filter: Filter::default(),
    }
}
