//! A business's settings as forms (CON-3): what is saved is a draft, and counts once it is published.

mod edited;
mod prompt;
mod publishing;
mod told;
mod versions;

use console::settings::{
    Conflict, HoursGrid, Problem, Section, SettingsPage, Why, as_entered, check, conflicts, fields,
    read, read_hours,
};
use console::shell::Place;
use http::StatusCode;
use protocol::business::BusinessSettings;
use serde_json::Value;

use super::answer;
use super::refused::{Answer, Refused};
use super::visit::Visit;
use edited::Edited;

pub(super) use prompt::{save as save_prompt, show as show_prompt};
pub(super) use publishing::{discard, publish, show as show_changes};
pub(super) use versions::{restore, show as show_versions};

/// Whether there are changes that are not published.
pub(super) async fn has_draft(visit: &Visit<'_>) -> Result<bool, Refused> {
    Ok(Edited::of(visit).await?.draft().is_some())
}

/// The settings of a test call: with the draft's changes, or as they are published. `None`: they break a rule.
pub(super) async fn of_test(
    visit: &Visit<'_>,
    from_draft: bool,
) -> Result<Option<BusinessSettings>, Refused> {
    let edited = Edited::of(visit).await?;
    let settings = if from_draft { edited.settings } else { edited.current.settings };
    Ok(check(&settings).ok())
}

/// To the first page.
pub(super) async fn index(visit: Visit<'_>) -> Answer {
    std::future::ready(Ok(answer::redirect(&visit.at("settings/prompt")))).await
}

/// A section's form.
pub(super) async fn show(visit: Visit<'_>) -> Answer {
    let section = section(&visit)?;
    let edited = Edited::of(&visit).await?;
    visit.page(Place::Settings, &page(&visit, &edited, section, &edited.settings, &[])).await
}

/// A section's form was sent.
pub(super) async fn save(visit: Visit<'_>) -> Answer {
    let (section, admin) = (section(&visit)?, visit.session.is_admin());
    let edited = Edited::of(&visit).await?;
    let entered = |name: &str| visit.form.raw(name);
    let shown = as_entered(section, &edited.settings, admin, entered);
    let hours = (section == Section::Appointments)
        .then(|| read_hours(|name| visit.form.all(name).map(str::to_owned).collect()));
    let saved = match (read(section, &edited.settings, admin, entered), &hours) {
        (Ok(settings), Some(Ok(hours))) => with_hours(settings, hours.clone()),
        (Ok(settings), None) => value(&settings),
        (Err(problems), _) => Err(problems),
        (Ok(_), Some(Err(_))) => Err(Vec::new()),
    };
    let wrong = match saved {
        Ok(settings) if edited.is_what_was_seen(&visit) => {
            if edited.save(&visit, settings).await? {
                return Ok(answer::redirect(&visit.at(&format!("settings/{}", section.word()))));
            }
            None
        }
        Ok(_) => None,
        Err(problems) => Some(problems),
    };
    let Some(problems) = wrong else { return conflict(&visit, section, &shown, hours).await };
    let mut page = page(&visit, &edited, section, &shown, &problems);
    put_hours(&mut page, hours, &problems);
    let elsewhere = problems.iter().filter(|problem| !is_shown(&page, problem));
    let notices = elsewhere.map(|problem| problem.line(&visit.texts()));
    visit.wrong_with(Place::Settings, &page, notices.collect()).await
}

/// Somebody has saved since the form was opened: nothing is saved, and the page has both.
async fn conflict(
    visit: &Visit<'_>,
    section: Section,
    shown: &Value,
    hours: Option<Result<protocol::business::WeeklyHours, HoursGrid>>,
) -> Answer {
    let edited = Edited::of(visit).await?;
    let mut page = page(visit, &edited, section, shown, &[]);
    put_hours(&mut page, hours, &[]);
    page.conflict = Some(Conflict {
        theirs: edited.last(),
        fields: conflicts(&visit.texts(), section, &edited.settings, shown),
    });
    let shell = visit.shell(Place::Settings).await?;
    Ok(answer::page_with(StatusCode::CONFLICT, &shell, &page))
}

fn section(visit: &Visit<'_>) -> Result<Section, Refused> {
    let found = Section::of_word(visit.parameter("section"));
    found.ok_or(Refused(console::error::Problem::NotFound))
}

fn page(
    visit: &Visit<'_>,
    edited: &Edited,
    section: Section,
    shown: &Value,
    problems: &[Problem],
) -> SettingsPage {
    let hours = (section == Section::Appointments)
        .then(|| BusinessSettings::from_json(edited.settings.clone()).ok())
        .flatten();
    SettingsPage {
        section,
        fields: fields(&visit.texts(), section, shown, visit.session.is_admin(), problems),
        hours: hours.map(|settings| HoursGrid::of(&settings.appointments.hours)),
        draft: edited.draft(),
        revision: edited.revision(),
        conflict: None,
    }
}

/// Shows the week as it was entered, with what is wrong at each day.
fn put_hours(
    page: &mut SettingsPage,
    hours: Option<Result<protocol::business::WeeklyHours, HoursGrid>>,
    problems: &[Problem],
) {
    let Some(hours) = hours else { return };
    let mut grid = hours.map_or_else(|wrong| wrong, |hours| HoursGrid::of(&hours));
    for problem in problems {
        if let Some(day) = problem.path.strip_prefix("appointments.hours.") {
            grid.wrong.push((day.to_owned(), problem.why.clone()));
        }
    }
    page.hours = Some(grid);
}

fn is_shown(page: &SettingsPage, problem: &Problem) -> bool {
    problem.path.starts_with("appointments.hours.")
        || page.fields.iter().any(|field| field.name == problem.path)
}

fn with_hours(
    mut settings: BusinessSettings,
    hours: protocol::business::WeeklyHours,
) -> Result<Value, Vec<Problem>> {
    settings.appointments.hours = hours;
    let value = value(&settings)?;
    check(&value)?;
    Ok(value)
}

/// As the database keeps settings.
fn value(settings: &BusinessSettings) -> Result<Value, Vec<Problem>> {
    serde_json::to_value(settings).map_err(|error| {
        vec![Problem { path: "business".to_owned(), why: Why::Unusable(error.to_string()) }]
    })
}
