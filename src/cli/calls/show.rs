//! One call as text or JSON.

use std::fmt::Write as _;
use std::io::Write;

use clap::Args;
use entities::Database;
use entities::call_turns::{self, TurnRow};
use entities::calls::{CallDirection, CallRecord};

use crate::cli::error::CliError;
use crate::cli::list_options::{OwnedShown, Owner, or_dash, owners, word};
use crate::cli::listing::print_json;
use crate::cli::stored::StoredError;
use crate::http::shown::{Call, CallDetails, Stats};
use crate::table::one_line;

/// How a call is shown: without it, as text.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Format {
    /// Print JSON: what the API shows.
    #[arg(long)]
    json: bool,
}

pub(super) async fn show(
    db: &Database,
    call: CallRecord,
    format: Format,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let turns = call_turns::of_call(db, call.business_id, &call.call_sid).await?;
    let owner = owners(db).await?.remove(&call.business_id).ok_or(StoredError::Gone)?;
    if format.json {
        let shown = CallDetails::new(call, turns);
        print_json(out, &OwnedShown { business: owner.slug, shown })?;
    } else {
        out.write_all(text(&owner, call, &turns).as_bytes())?;
    }
    Ok(())
}

fn text(owner: &Owner, call: CallRecord, turns: &[TurnRow]) -> String {
    let began = call.started_at;
    let mut text = head(owner, &call);
    for (name, value) in measured(&Call::from(call)) {
        push(&mut text, name, &value);
    }
    if turns.is_empty() {
        return text + "\nno turns\n";
    }
    text.push('\n');
    for turn in turns {
        let after = turn.at.duration_since(began).as_secs().max(0);
        let words = turn.text.as_deref().map_or_else(|| "(no transcript)".to_owned(), one_line);
        let heard = turn.heard_ms.filter(|_| turn.cut);
        let cut = match heard {
            Some(heard) => format!("  [cut after {heard} ms]"),
            None if turn.cut => "  [cut]".to_owned(),
            None => String::new(),
        };
        let (minutes, seconds) = (after / 60, after % 60);
        let _ = writeln!(text, "{minutes:02}:{seconds:02}  {:<6}  {words}{cut}", word(&turn.role));
    }
    text
}

fn head(owner: &Owner, call: &CallRecord) -> String {
    let mut text = String::new();
    push(&mut text, "call", call.call_sid.as_str());
    push(&mut text, "business", owner.slug.as_str());
    let person = call.person().map_or("withheld", |person| person.as_str());
    let person = match call.direction {
        CallDirection::Inbound => format!("{person}, who called"),
        CallDirection::Outbound => format!("{person}, who was called"),
    };
    push(&mut text, "person", &person);
    push(&mut text, "started", &owner.written(call.started_at, "%Y-%m-%d %H:%M:%S %Z"));
    let end = match &call.end_reason {
        None => format!("none yet; its status is {}", word(&call.status)),
        Some(reason) => {
            let secs = or_dash(call.duration.map(|duration| duration.as_secs()));
            format!("{reason}, by {}, after {secs} s", or_dash(call.ended_by.as_ref()))
        }
    };
    push(&mut text, "end", &end);
    push(&mut text, "lead", &or_dash(call.lead_id.map(|lead| lead.0)));
    push(&mut text, "prompt", &format!("version {}", call.prompt_version));
    text
}

/// What was measured in the call, if it is over.
fn measured(call: &Call) -> Vec<(&'static str, String)> {
    let Some(Stats { greeting_ms, barge_ins, responses, cost_micro_usd, .. }) = &call.stats else {
        return Vec::new();
    };
    let greeting = or_dash(greeting_ms.map(|ms| format!("{ms} ms")));
    let mut lines = vec![
        ("waited", format!("{greeting} for the greeting")),
        (
            "model",
            format!("{}, interrupted {}", times(responses, "response"), times(barge_ins, "time")),
        ),
    ];
    if let Some(cost) = cost_micro_usd {
        lines.push(("cost", format!("{}.{:04} USD", cost / 1_000_000, cost % 1_000_000 / 100)));
    }
    lines
}

fn times(count: &u64, what: &str) -> String {
    let plural = if *count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn push(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "{name:<8}  {value}");
}
