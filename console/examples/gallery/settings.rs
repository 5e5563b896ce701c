//! The settings.

use console::components::Pager;
use console::prompt::PromptPage;
use console::settings::{
    Changed, ChangesPage, Conflict, Draft, Edit, HoursGrid, Kind, Problem, Section, SettingsPage,
    Version, VersionsPage, Why, fields, read_hours,
};
use console::shell::{Place, Role};
use protocol::business::{BusinessSettings, Rule};
use protocol::ids::Slug;
use serde_json::{Value, json};

use super::{Sample, World, minutes_ago, number};

pub(super) fn all(of: World) -> Vec<Sample> {
    let sample = |name, role, page| Sample { name, shell: of.shell(Place::Settings, role), page };
    let mut samples: Vec<Sample> = Section::all()
        .map(|section| {
            sample(name(section), Role::Business, Box::new(section_page(of, section, &[])))
        })
        .collect();
    let wrong = [Problem { path: "silence.timeout".to_owned(), why: Why::NotA(Kind::Duration) }];
    samples.push(sample(
        "settings-wrong",
        Role::Admin,
        Box::new(section_page(of, Section::Silence, &wrong)),
    ));
    samples.push(sample(
        "settings-viewer",
        Role::Viewer,
        Box::new(section_page(of, Section::Business, &[])),
    ));
    let mut conflict = section_page(of, Section::Greeting, &[]);
    conflict.conflict = Some(Conflict {
        theirs: edit(of),
        fields: vec![(
            of.texts().say("set-greeting-text"),
            of.either("שלום וברוכים הבאים!", "Welcome!").to_owned(),
        )],
    });
    samples.push(sample("settings-conflict", Role::Business, Box::new(conflict)));
    let mut hours = section_page(of, Section::Appointments, &[]);
    hours.hours = read_hours(|name| match name {
        "hours.monday.open" => vec!["18:00".to_owned()],
        "hours.monday.close" => vec!["09:00".to_owned()],
        _ => Vec::new(),
    })
    .err();
    samples.push(sample("settings-hours-wrong", Role::Business, Box::new(hours)));
    samples.push(sample("prompt", Role::Business, Box::new(prompt(of, true))));
    samples.push(sample("prompt-wrong", Role::Business, Box::new(prompt(of, false))));
    samples.push(sample("changes", Role::Business, Box::new(changes(of, Vec::new()))));
    let problem = Problem { path: "phone_numbers".to_owned(), why: Why::Rule(Rule::NoNumber) };
    samples.push(sample("changes-refused", Role::Business, Box::new(changes(of, vec![problem]))));
    let nothing = ChangesPage {
        draft: None,
        changes: Vec::new(),
        problems: Vec::new(),
        revision: "7".to_owned(),
        moved: None,
    };
    let mut moved = changes(of, Vec::new());
    moved.moved = Some(edit(of));
    samples.push(sample("changes-moved", Role::Business, Box::new(moved)));
    samples.push(sample("changes-empty", Role::Business, Box::new(nothing)));
    samples.push(sample("versions", Role::Business, Box::new(versions(of))));
    let first = VersionsPage { versions: Vec::new(), shown: None, pager: Pager::default() };
    samples.push(sample("versions-empty", Role::Viewer, Box::new(first)));
    samples
}

fn name(section: Section) -> &'static str {
    match section {
        Section::Business => "settings-business",
        Section::Agent => "settings-agent",
        Section::Greeting => "settings-greeting",
        Section::BargeIn => "settings-barge-in",
        Section::Ending => "settings-ending",
        Section::Silence => "settings-silence",
        Section::Appointments => "settings-appointments",
        Section::Lead => "settings-lead",
        Section::Outbound => "settings-outbound",
        Section::Transfer => "settings-transfer",
        Section::Whatsapp => "settings-whatsapp",
        Section::Apology => "settings-apology",
        Section::Notices => "settings-notices",
    }
}

fn edit(of: World) -> Edit {
    Edit { by: of.either("נועם", "Noam").to_owned(), at: minutes_ago(7) }
}

fn draft(of: World) -> Option<Draft> {
    Some(Draft { changes: 3, last: edit(of) })
}

fn settings(of: World) -> Value {
    let slug = Slug::parse("tel-aviv-locks").ok();
    let numbers = number().into_iter().collect();
    let name = of.either("מנעולי תל אביב", "Tel Aviv Locks");
    let settings = slug.map(|slug| BusinessSettings::new(slug, name, numbers));
    let mut value = settings.and_then(|it| serde_json::to_value(it).ok()).unwrap_or_default();
    value["language"] = json!(of.locale.tag());
    value["agent"]["prompt"] = json!(instructions(of));
    value["agent"]["transcription_keywords"] = json!(["רב־בריח", "Multilock"]);
    let day = json!(["08:00-13:00", "14:00-19:00"]);
    value["appointments"]["hours"] =
        json!({ "sunday": day, "monday": day, "friday": ["08:00-13:00"] });
    value["appointments"]["days_off"] = json!(["2026-12-25", "2027-04-22"]);
    value["ending"]["required_lead_fields"] = json!(["service_category", "city"]);
    value
}

fn instructions(of: World) -> &'static str {
    of.either(
        "מנעולי תל אביב היא חברת מנעולנים.\n\nהשירותים:\n- פריצת דלתות נעולות, בכל שעות היממה.\n- החלפת צילינדרים ומנעולים.\n\nמחירים:\n- ביקור: 250 ש״ח.\n",
        "Tel Aviv Locks is a locksmith.\n\nWhat we do:\n- Open locked doors, day and night.\n- Replace cylinders and locks.\n\nPrices:\n- A visit: 250 shekels.\n",
    )
}

fn section_page(of: World, section: Section, problems: &[Problem]) -> SettingsPage {
    let value = settings(of);
    let hours = BusinessSettings::from_json(value.clone()).ok().map(|it| it.appointments.hours);
    SettingsPage {
        section,
        fields: fields(&of.texts(), section, &value, false, problems),
        hours: hours
            .filter(|_| section == Section::Appointments)
            .map(|hours| HoursGrid::of(&hours)),
        draft: if section == Section::Business { draft(of) } else { None },
        revision: "7".to_owned(),
        conflict: None,
    }
}

fn prompt(of: World, fits: bool) -> PromptPage {
    let too_long = "is 31000 characters long: the model takes 28000";
    let preview =
        format!("{}\n\n# {}\n2026-11-29, 10:30", instructions(of), of.either("עכשיו", "Now"));
    PromptPage {
        text: instructions(of).to_owned(),
        draft: draft(of),
        revision: "7".to_owned(),
        wrong: (!fits).then(|| too_long.to_owned()),
        conflict: (!fits).then(|| Conflict { theirs: edit(of), fields: Vec::new() }),
        preview: fits.then_some(preview),
        preview_tokens: 1840,
    }
}

fn changed(of: World) -> Vec<Changed> {
    let old = settings(of);
    let mut new = old.clone();
    new["silence"]["timeout"] = json!("9s");
    new["greeting"]["text"] =
        json!(of.either("שלום! מדברים ממנעולי תל אביב.", "Hello from Tel Aviv Locks."));
    new["agent"]["prompt"] = json!(instructions(of).replace("250", "280"));
    new["appointments"]["hours"]["friday"] = json!([]);
    Changed::between(&of.texts(), &old, &new)
}

fn changes(of: World, problems: Vec<Problem>) -> ChangesPage {
    ChangesPage {
        draft: draft(of),
        changes: changed(of),
        problems,
        revision: "8".to_owned(),
        moved: None,
    }
}

fn versions(of: World) -> VersionsPage {
    let version = |number: u32, is_current| Version {
        number,
        edit: Edit { at: minutes_ago(i64::from(8 - number) * 3000), ..edit(of) },
        is_current,
        changed: vec![of.texts().say("set-agent-prompt"), of.texts().say("set-silence-timeout")],
    };
    VersionsPage {
        versions: vec![version(7, true), version(6, false), version(5, false)],
        shown: Some((6, minutes_ago(6000), changed(of))),
        pager: Pager { newer: None, older: Some("?before=5".to_owned()) },
    }
}
