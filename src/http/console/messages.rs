//! The list of written conversations.

use console::messages::{ConversationRow, MessagesPage, Need};
use console::shell::{Place, Shell};
use entities::conversations::{self, After, ConversationRecord};
use entities::messages::{self, MessageDirection};
use entities::{RecordsError, leads};

use super::answer;
use super::desk::Desk;
use super::form::Form;
use super::pages::{self, ROWS};
use super::persons;
use super::refused::Answer;
use super::visit::Visit;

pub(super) async fn show(visit: Visit<'_>) -> Answer {
    let desk = Desk::of(visit.state, visit.business()?)?;
    let page = page(&desk, &visit.query, &visit.at("messages")).await?;
    let events = Some(visit.at("events/messages"));
    let shell = Shell { events, ..visit.shell(Place::Messages).await? };
    Ok(answer::page(&shell, &page))
}

async fn page(desk: &Desk<'_>, query: &Form, path: &str) -> Result<MessagesPage, RecordsError> {
    let (db, business) = (desk.db(), desk.id());
    let only_needy = query.get("needs_person") == Some("true");
    let after: Option<After> = pages::cursor(query);
    let found = conversations::list(db, business, only_needy, after, ROWS).await?;
    let ids = found.items.iter().filter_map(|it| it.lead_id).collect();
    let leads = leads::some(db, business, ids).await?;
    let people = found.items.iter().map(|it| it.person.clone()).collect();
    let newest = messages::newest_with(db, business, people).await?;
    let row = |it: &ConversationRecord| ConversationRow {
        id: it.id.0,
        person: persons::of_number(&it.person, it.lead_id.and_then(|lead| leads.get(&lead))),
        active_at: it.active_at,
        last_words: newest
            .get(&it.person)
            .map(|message| (message.direction == MessageDirection::Outgoing, message.body.clone())),
        need: need(it),
        opted_out: it.opted_out,
    };
    Ok(MessagesPage {
        only_needy,
        has_number: desk.settings.whatsapp_number.is_some(),
        conversations: found.items.iter().map(row).collect(),
        pager: pages::pager(path, query, found.next.as_ref()),
    })
}

/// Why the conversation needs a person. A reason that this version does not know is the model's.
pub(super) fn need(conversation: &ConversationRecord) -> Option<Need> {
    Some(match conversation.needs_person.as_deref()? {
        "too_long" => Need::TooLong,
        "window_closed" => Need::WindowClosed,
        "undelivered" => Need::Undelivered,
        "refused" => Need::Refused,
        _ => Need::ModelFailed,
    })
}
