//! The prompt: what the agent is told about the business, and the whole system prompt of a call now.

use console::prompt::PromptPage;
use console::settings::{Conflict, check};
use console::shell::Place;
use http::StatusCode;
use protocol::twilio::forms::Direction;
use serde_json::Value;

use super::super::answer;
use super::super::refused::Answer;
use super::super::visit::Visit;
use super::edited::Edited;

const PATH: &str = "agent.prompt";

/// The page.
pub(in super::super) async fn show(visit: Visit<'_>) -> Answer {
    let edited = Edited::of(&visit).await?;
    let text = edited.settings["agent"]["prompt"].as_str().unwrap_or_default();
    visit.page(Place::Settings, &page(&edited, text)).await
}

/// The form was sent: to be saved, or to see the whole prompt.
pub(in super::super) async fn save(visit: Visit<'_>) -> Answer {
    let edited = Edited::of(&visit).await?;
    let text = visit.form.raw("prompt").unwrap_or_default().replace("\r\n", "\n");
    let mut page = page(&edited, &text);
    let mut settings = edited.settings.clone();
    settings["agent"]["prompt"] = Value::String(text);
    let checked = match check(&settings) {
        Ok(checked) => checked,
        Err(problems) => {
            let (ours, others): (Vec<_>, Vec<_>) =
                problems.into_iter().partition(|problem| problem.path == PATH);
            let t = visit.texts();
            page.wrong = ours.first().map(|problem| problem.why.say(&t));
            let others = others.iter().map(|problem| problem.line(&t)).collect();
            return visit.wrong_with(Place::Settings, &page, others).await;
        }
    };
    if visit.form.get("preview").is_some() {
        let preview = crate::prompt::preview(&checked, Direction::Inbound, visit.now());
        page.preview_tokens = tokens(&preview);
        page.preview = Some(preview);
        return visit.page(Place::Settings, &page).await;
    }
    if edited.is_what_was_seen(&visit) && edited.save(&visit, settings).await? {
        return Ok(answer::redirect(&visit.at("settings/prompt")));
    }
    let edited = Edited::of(&visit).await?;
    page.revision = edited.revision();
    page.draft = edited.draft();
    let theirs = edited.settings["agent"]["prompt"].as_str().unwrap_or_default();
    let fields = match theirs == page.text {
        true => Vec::new(),
        false => vec![(visit.texts().say("set-agent-prompt"), theirs.to_owned())],
    };
    page.conflict = Some(Conflict { theirs: edited.last(), fields });
    let shell = visit.shell(Place::Settings).await?;
    Ok(answer::page_with(StatusCode::CONFLICT, &shell, &page))
}

fn page(edited: &Edited, text: &str) -> PromptPage {
    PromptPage {
        text: text.to_owned(),
        draft: edited.draft(),
        revision: edited.revision(),
        wrong: None,
        conflict: None,
        preview: None,
        preview_tokens: 0,
    }
}

/// About four bytes are a token: four Latin letters, or two Hebrew ones.
fn tokens(text: &str) -> u32 {
    u32::try_from(text.len() / 4).unwrap_or(u32::MAX)
}
