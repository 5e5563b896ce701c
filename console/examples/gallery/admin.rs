//! Pages of administrators, sign-in, errors and the style guide.

use std::time::Duration;

use console::Page;
use console::audit::{AuditEntry, AuditPage};
use console::components::Pager;
use console::error::{ErrorPage, Problem};
use console::notice::Tone;
use console::password::{NewPasswordPage, OwnPasswordPage, OwnPasswordWrong, PasswordWrong};
use console::shell::{BusinessRef, Place, Role, Shell};
use console::sign_in::{Refused, SignInPage};
use console::style_guide::StyleGuidePage;
use console::system::{
    Actor, Check, Delivery, DeliveryState, Figure, Illness, Measure, Node, NodeState, SystemPage,
    health,
};
use console::users::{UserForm, UserRow, UserWrong, UsersPage};

use super::{Sample, World, id, minutes_ago, sid};

pub(super) fn all(of: World) -> Vec<Sample> {
    let admin = |name, place, page: Box<dyn Page>| {
        let shell = Shell { business: None, ..of.shell(place, Role::Admin) };
        Sample { name, shell, page }
    };
    let stranger = |name, page: Box<dyn Page>| {
        let shell = of.shell(Place::Elsewhere, Role::Viewer);
        Sample { name, shell: Shell { user: None, business: None, ..shell }, page }
    };
    let refused = |refused| SignInPage {
        user: "dana".to_owned(),
        refused: Some(refused),
        ..SignInPage::default()
    };
    let mut removing = users(of);
    removing.removing = Some((id(3), of.either("אורי", "Uri").to_owned()));
    let mut rights = users(of);
    rights.form.of = Some(id(2));
    let mut last = users(of);
    last.refused = Some(UserWrong::LastAdmin);
    let mut samples = vec![
        admin("users-rights", Place::Users, Box::new(rights)),
        admin("users-refused", Place::Users, Box::new(last)),
        admin("system", Place::System, Box::new(system(of))),
        admin("system-empty", Place::System, Box::<SystemPage>::default()),
        admin("users", Place::Users, Box::new(users(of))),
        admin("users-remove", Place::Users, Box::new(removing)),
        admin("audit", Place::Audit, Box::new(audit(of))),
        admin("audit-empty", Place::Audit, Box::<AuditPage>::default()),
        admin("style-guide", Place::StyleGuide, Box::new(StyleGuidePage)),
        stranger("sign-in", Box::new(SignInPage { nobody_yet: true, ..SignInPage::default() })),
        stranger("sign-in-wrong", Box::new(refused(Refused::Wrong))),
        stranger("sign-in-wait", Box::new(refused(Refused::Wait(Duration::from_secs(120))))),
        stranger("sign-in-expired", Box::new(refused(Refused::Expired))),
        stranger("sign-in-stale", Box::new(refused(Refused::StaleLink))),
    ];
    for (name, wrong) in [("password", None), ("password-wrong", Some(OwnPasswordWrong::Current))] {
        samples.push(admin(name, Place::Elsewhere, Box::new(OwnPasswordPage { wrong })));
    }
    samples.push(stranger("new-password", Box::new(new_password(None))));
    for (name, wrong) in [
        ("new-password-wrong", PasswordWrong::TooShort),
        ("new-password-differs", PasswordWrong::Differs),
    ] {
        samples.push(stranger(name, Box::new(new_password(Some(wrong)))));
    }
    let errors = [
        ("error-forbidden", Problem::Forbidden),
        ("error-stale-form", Problem::StaleForm),
        ("error-not-found", Problem::NotFound),
        ("error-too-many", Problem::TooMany),
        ("error-internal", Problem::Internal),
        ("error-busy", Problem::Busy),
    ];
    samples.extend(errors.map(|(name, problem)| Sample {
        name,
        shell: of.shell(Place::Elsewhere, Role::Business),
        page: Box::new(ErrorPage { problem }),
    }));
    samples
}

fn new_password(wrong: Option<PasswordWrong>) -> NewPasswordPage {
    NewPasswordPage { user: "dana".to_owned(), wrong, ..NewPasswordPage::default() }
}

fn system(of: World) -> SystemPage {
    let mut checks = health(&of.shell(Place::System, Role::Admin).texts, &[Illness::Quota]);
    checks.push(Check {
        name: "twilio".to_owned(),
        passed: false,
        text: "the Voice URL of +97231234567 is not https://frontdesk.example/twilio/voice: set it in the console of Twilio".to_owned(),
    });
    let node = |url: &str, is_this: bool, calls| Node {
        url: url.to_owned(),
        calls,
        max_calls: 200,
        state: if is_this { NodeState::Open } else { NodeState::Draining },
        is_this,
    };
    let figure = |of, value: &str, tone, course: &[u8]| Figure {
        of,
        value: value.to_owned(),
        tone,
        course: course.to_vec(),
    };
    let delivery = |number, state, tries, answer: Option<&str>| Delivery {
        id: id(number),
        business: BusinessRef {
            slug: "tel-aviv-locks".to_owned(),
            name: of.either("מנעולי תל אביב", "Tel Aviv Locks").to_owned(),
        },
        event: "call.ended".to_owned(),
        at: minutes_ago(i64::from(number) * 10),
        tries,
        state,
        answer: answer.map(str::to_owned),
    };
    let course: Vec<u8> = (0..60).map(|minute| (minute * 37 % 83) as u8 + 5).collect();
    SystemPage {
        checks,
        nodes: vec![
            node("https://a.frontdesk.example", true, 3),
            node("https://b.frontdesk.example", false, 1),
        ],
        actors: vec![tree()],
        figures: vec![
            figure(Measure::LiveCalls, "3", Tone::Plain, &course),
            figure(Measure::TotalCalls, "1,204", Tone::Plain, &[]),
            figure(Measure::FailedCalls, "2", Tone::Warning, &[]),
            figure(Measure::AnswerWait, "0.8 s", Tone::Plain, &course),
            figure(Measure::GreetingWait, "0.6 s", Tone::Plain, &[]),
            figure(Measure::Cost, "$4.12", Tone::Plain, &[]),
        ],
        deliveries: vec![
            delivery(1, DeliveryState::Delivered, 1, Some("200")),
            delivery(2, DeliveryState::Waiting, 3, Some("503")),
            delivery(3, DeliveryState::Dead, 20, Some("connection refused")),
        ],
    }
}

fn tree() -> Actor {
    let actor = |name: &str, state: &str, restarts, children| Actor {
        name: name.to_owned(),
        state: state.to_owned(),
        generation: restarts,
        restarts,
        waiting: 0,
        handled: 26,
        uptime: Duration::from_secs(131),
        last_error: (restarts > 0).then(|| "a crash was requested".to_owned()),
        call: None,
        children,
    };
    let call = format!("call_supervisor {}", sid(0));
    let parts = vec![
        actor("call", "open", 0, Vec::new()),
        actor("realtime", "live", 1, Vec::new()),
        Actor { waiting: 2, ..actor("twilio_io", "speaking", 0, Vec::new()) },
        actor("lead", "idle", 0, Vec::new()),
    ];
    let shared =
        ["journal", "calendar", "messaging"].map(|name| actor(name, "idle", 0, Vec::new()));
    let mut children = Vec::from(shared);
    children.push(actor(&call, "running", 0, parts));
    actor("supervisor", "running", 0, children)
}

fn users(of: World) -> UsersPage {
    let locks = of.either("מנעולי תל אביב", "Tel Aviv Locks").to_owned();
    let clinic = of.either("מרפאת הנמל", "Harbour Dental Clinic").to_owned();
    let user = |number, name: &'static str, role, businesses: &[&String], seen| UserRow {
        id: id(number),
        name: name.to_owned(),
        role,
        businesses: businesses.iter().map(ToString::to_string).collect(),
        last_seen: seen,
        is_self: number == 1,
    };
    UsersPage {
        users: vec![
            user(1, of.either("דנה כהן", "Dana Cohen"), Role::Admin, &[], Some(minutes_ago(0))),
            user(
                2,
                of.either("נועם", "Noam"),
                Role::Business,
                &[&locks, &clinic],
                Some(minutes_ago(2000)),
            ),
            user(3, of.either("אורי", "Uri"), Role::Viewer, &[&locks], None),
        ],
        form: UserForm {
            name: "dana".to_owned(),
            role: Role::Business,
            businesses: vec![
                ("tel-aviv-locks".to_owned(), locks.clone(), false),
                ("harbour-clinic".to_owned(), clinic.clone(), false),
            ],
            of: None,
            wrong_name: Some(of.either("השם הזה תפוס", "This name is taken").to_owned()),
            wrong_businesses: Some(
                of.either("יש לבחור לפחות אחד", "Choose at least one").to_owned(),
            ),
        },
        link: Some((
            of.either("אורי", "Uri").to_owned(),
            "https://frontdesk.example/console/sign-in?link=Zm9yLW9uZS11c2U".to_owned(),
        )),
        removing: None,
        refused: None,
    }
}

fn audit(of: World) -> AuditPage {
    let entry = |minutes, by: &str, action: &str, object: Option<&str>| AuditEntry {
        at: minutes_ago(minutes),
        by: by.to_owned(),
        action: action.to_owned(),
        business: Some(of.either("מנעולי תל אביב", "Tel Aviv Locks").to_owned()),
        object: object.map(str::to_owned),
        address: Some("2001:db8::17".to_owned()),
    };
    AuditPage {
        search: String::new(),
        entries: vec![
            entry(3, of.either("דנה כהן", "Dana Cohen"), "settings.publish", Some("7")),
            entry(
                40,
                of.either("נועם", "Noam"),
                "appointment.cancel",
                Some(of.either("יוסי לוי", "Joseph Levy")),
            ),
            entry(2000, "admin token", "lead.export", None),
        ],
        pager: Pager { newer: None, older: Some("?cursor=c".to_owned()) },
    }
}
