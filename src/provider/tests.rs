//! The daemon's client of the text model before the practice one, in virtual time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actors::chance::Chance;
use actors::clock::Clock;
use actors::provider::SharedBreaker;
use actors::text_model::{ModelAnswer, TextEndpoint, TextModel};
use practice::openai::{Options, TextFault};
use protocol::business::BusinessSettings;
use protocol::openai::responses::{Asked, HistoryItem, TextRequest};
use protocol::tools::Tool;

use super::*;
use crate::config::business_file;
use crate::network::memory::MemoryNetwork;

const FILE: &str = "examples/businesses/tel-aviv-locks.toml";

fn business() -> BusinessSettings {
    let text = include_str!("../../examples/businesses/tel-aviv-locks.toml");
    business_file::parse(Path::new(FILE), text).unwrap()
}

/// The practice servers, and the client as the daemon makes it.
async fn start() -> (RunningProvider, TextModel) {
    let network = Network::Memory(MemoryNetwork::default());
    let config = OpenAi::default();
    let provider =
        RunningProvider::start_with(&config, Options::default(), &network).await.unwrap();
    let endpoint = provider.endpoint();
    let model = TextModel::new(
        network.dialer(Duration::from_secs(5)).unwrap(),
        network.http_connections(),
        TextEndpoint { url: endpoint.text_url, key: endpoint.key, model: config.text_model },
        (Clock::starting_at("2026-11-23T08:00:00Z".parse().unwrap()), Chance::seeded(1)),
        SharedBreaker::default(),
        Arc::default(),
    );
    (provider, model)
}

fn question(model: &TextModel, words: &str) -> TextRequest {
    let history = vec![HistoryItem::Person { text: words.to_owned() }];
    let instructions = "Today is 2026-11-23.".into();
    TextRequest::new(Arc::new(business()), model.model(""), instructions, history)
}

#[tokio::test(start_paused = true)]
async fn wa_8_the_practice_text_model_has_nothing_to_object_to() {
    let (provider, model) = start().await;
    let mut request = question(&model, "אפשר לקבוע פגישה?");
    let answered = model.answer(&request).await.unwrap();
    let ModelAnswer::Calls(calls) = answered.answer else { panic!("{answered:?}") };
    let Asked::Run { tool, arguments } = &calls.calls[0].asked else { panic!("{calls:?}") };
    assert_eq!(
        (tool.name(), Tool::named(&calls.calls[0].name)),
        ("find_available_slots", Some(*tool))
    );
    assert!(arguments.contains("2026-11-23"), "{arguments}");
    request.history.extend(calls.items);
    request.history.push(HistoryItem::ToolOutput {
        call_id: calls.calls[0].id.clone(),
        output: r#"{"ok":true,"say":"יש תור מחר בעשר."}"#.to_owned(),
    });
    let answered = model.answer(&request).await.unwrap();
    let ModelAnswer::Reply(reply) = answered.answer else { panic!("{answered:?}") };
    assert_eq!(reply.reply, "יש תור מחר בעשר.");
    request.history.push(HistoryItem::Agent { text: reply.reply });
    request.history.push(HistoryItem::Note { text: "The person called.".to_owned() });
    request.history.push(HistoryItem::Person { text: "זהו תודה, ביי".to_owned() });
    let answered = model.answer(&request).await.unwrap();
    let ModelAnswer::Reply(reply) = answered.answer else { panic!("{answered:?}") };
    assert!(reply.control.should_end_call, "{reply:?}");
    let record = provider.text_server().unwrap().log().record();
    assert_eq!((record.violations, record.requests), (vec![], 3));
}

#[tokio::test(start_paused = true)]
async fn wa_4_what_goes_wrong_twice_goes_right_the_third_time() {
    let (provider, model) = start().await;
    let text = provider.text_server().unwrap();
    for fault in [
        TextFault::TooManyRequests(Some(3)),
        TextFault::ServerError,
        TextFault::Page(502),
        TextFault::Refusal,
        TextFault::Incomplete("max_output_tokens".to_owned()),
        TextFault::Failed("server_error".to_owned()),
        TextFault::Text("{\"reply\":\"שלום\"}".to_owned()),
        TextFault::Text("שלום".to_owned()),
        TextFault::Empty,
        TextFault::Silence,
        TextFault::HalfBody,
    ] {
        text.faults().next([fault.clone(), fault.clone()]);
        let answered = model.answer(&question(&model, "שלום")).await;
        assert_eq!(answered.map(|answered| answered.spent.tries), Ok(3), "{fault:?}");
        text.faults().next([fault.clone(), fault.clone(), fault.clone()]);
        let error = model.answer(&question(&model, "שלום")).await.unwrap_err();
        assert_eq!((error.spent.tries, error.cause.fatal()), (3, None), "{fault:?}");
    }
    assert_eq!(text.log().record().violations, []);
}
