//! Leads.

use std::time::Duration;

use console::call::CallEnd;
use console::components::{Pager, Person};
use console::leads::{
    Author, Change, LeadForm, LeadPage, LeadRow, LeadsPage, PastCall, PastVisit, Status,
};
use console::shell::{Place, Role};
use protocol::call::EndReason;

use crate::samples::{Sample, World, id, in_minutes, minutes_ago, sid, stranger};

pub(super) fn all(of: World) -> Vec<Sample> {
    let leads = |name, page: LeadsPage| Sample {
        name,
        shell: of.shell(Place::Leads, Role::Business),
        page: Box::new(page),
    };
    let lead = |name, role, page: LeadPage| Sample {
        name,
        shell: of.shell(Place::Leads, role),
        page: Box::new(page),
    };
    let search = of.either("אין כזה", "no such").to_owned();
    let nothing = LeadsPage { search, status: Some(Status::Declined), ..LeadsPage::default() };
    let mut wrong = full(of);
    wrong.form.email = "levi@".to_owned();
    wrong.form.wrong = vec![(
        "email".to_owned(),
        of.either(
            "זו אינה כתובת דוא״ל; דבר לא נשמר",
            "This is no email address; nothing was saved",
        )
        .to_owned(),
    )];
    let mut bare = full(of);
    (bare.history, bare.calls, bare.visits, bare.conversation) =
        (Vec::new(), Vec::new(), Vec::new(), None);
    bare.erasure_waits = true;
    let mut erased = full(of);
    erased.erased_at = Some(minutes_ago(4000));
    erased.person = Person { lead: Some(id(101)), ..Person::default() };
    vec![
        leads("leads", list(of)),
        leads("leads-empty", LeadsPage::default()),
        leads("leads-nothing-found", nothing),
        lead("lead", Role::Business, full(of)),
        lead("lead-viewer", Role::Viewer, full(of)),
        lead("lead-wrong", Role::Business, wrong),
        lead("lead-bare", Role::Business, bare),
        lead("lead-erase", Role::Business, LeadPage { erasing: true, ..full(of) }),
        lead("lead-erased", Role::Business, erased),
    ]
}

fn list(of: World) -> LeadsPage {
    let statuses = [
        Status::InProgress,
        Status::Complete,
        Status::Declined,
        Status::Complete,
        Status::InProgress,
    ];
    let row = |(at, status): (u8, Status)| LeadRow {
        person: if at == 2 { stranger(at) } else { of.person(at) },
        status,
        last_contact: minutes_ago(5 + i64::from(at) * 900),
        wants: (at % 2 == 0).then(|| of.either("התקנת מנעול חכם", "A smart lock").to_owned()),
        next_visit: (at == 1).then(|| in_minutes(1500)),
    };
    LeadsPage {
        leads: (0..).zip(statuses).map(row).collect(),
        pager: Pager { newer: Some("?before=a".to_owned()), older: Some("?cursor=b".to_owned()) },
        ..LeadsPage::default()
    }
}

fn full(of: World) -> LeadPage {
    let change = |minutes, by, field: &str, old: Option<&str>, new: &str| Change {
        at: minutes_ago(minutes),
        by,
        field: field.to_owned(),
        old: old.map(str::to_owned),
        new: new.to_owned(),
    };
    let city = of.either("תל אביב", "Tel Aviv");
    let user = Author::User { name: Some(of.either("דנה כהן", "Dana Cohen").to_owned()) };
    LeadPage {
        person: of.person(1),
        form: LeadForm {
            name: of.person(1).name.unwrap_or_default(),
            email: "ruth@example.com".to_owned(),
            status: Status::Complete,
            is_decided: true,
            fields: vec![
                ("city".to_owned(), city.to_owned(), true),
                (
                    "problem_description".to_owned(),
                    of.either("צילינדר תקוע", "Stuck cylinder").to_owned(),
                    true,
                ),
                ("floor".to_owned(), String::new(), false),
            ],
            wrong: Vec::new(),
            was: vec![("full_name".to_owned(), of.person(1).name.unwrap_or_default())],
        },
        since: minutes_ago(20_000),
        history: vec![
            change(30, user, "email", None, "ruth@example.com"),
            change(
                130,
                Author::Call { sid: sid(1) },
                "fields.city",
                Some(of.either("חולון", "Holon")),
                city,
            ),
            change(
                9000,
                Author::Message,
                "full_name",
                None,
                of.either("רות אברהמי", "Ruth Abrahams"),
            ),
        ],
        calls: vec![
            PastCall {
                sid: sid(1),
                at: minutes_ago(130),
                duration: Some(Duration::from_secs(48)),
                end: Some(CallEnd(EndReason::UserGoodbye)),
            },
            PastCall {
                sid: sid(2),
                at: minutes_ago(9100),
                duration: Some(Duration::from_secs(131)),
                end: Some(CallEnd(EndReason::CallerHungUp)),
            },
        ],
        visits: vec![
            PastVisit { id: id(1), starts_at: in_minutes(1500), cancelled: false },
            PastVisit { id: id(2), starts_at: minutes_ago(9000), cancelled: true },
        ],
        conversation: Some(id(50)),
        erased_at: None,
        erasure_waits: false,
        erasing: false,
    }
}
