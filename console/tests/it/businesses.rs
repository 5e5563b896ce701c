//! `docs/businesses.md` has every key of a business's file, as the parser and the console know it.

use std::path::Path;

use console::settings::reference::{self, REQUIRED};
use console::settings::{KEYS, Kind};
use protocol::business::BusinessSettings;
use serde_json::Value;

const COMMAND: &str = "cargo run -q -p console --example business-keys > docs/businesses.md";

/// A file with each table that a key may need beside it.
const FILE: &str = "slug = \"own\"\nname = \"Own\"\nphone_numbers = [\"+442071234590\"]\n\
                    whatsapp_number = \"+442071234590\"\n";

fn read(text: &str) -> Result<BusinessSettings, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let keys = serde_json::to_value(table).map_err(|error| error.to_string())?;
    let settings = BusinessSettings::from_json(keys).map_err(|error| error.to_string())?;
    settings.validate().map_err(|problems| problems[0].to_string())?;
    Ok(settings)
}

fn table(text: &str) -> toml::Table {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The file with one more key, and what that key needs beside it.
fn with(path: &str, value: &str) -> toml::Table {
    let mut file = table(FILE);
    let beside: &[(&str, &str)] = match path {
        "transfer.text" => &[("transfer.number", "\"+442071234598\"")],
        "webhooks.events" => &[("webhooks.url", "\"https://example.com/\"")],
        "notify.sms_to" => &[("notify.sms_from", "\"+442071234599\"")],
        "notify.whatsapp_to" => {
            &[("notify.whatsapp_template", "\"HX0123456789abcdef0123456789abcdef\"")]
        }
        "apology.audio_url" | "greeting.audio_url" => &[("greeting.mode", "\"realtime\"")],
        _ => &[],
    };
    for (path, value) in beside.iter().chain([&(path, value)]) {
        let value = table(&format!("value = {value}"));
        let mut place = &mut file;
        let mut keys = path.split('.').peekable();
        while let Some(key) = keys.next() {
            if keys.peek().is_none() {
                place.insert(key.to_owned(), value["value"].clone());
                break;
            }
            let table = place.entry(key).or_insert_with(|| toml::Table::new().into());
            let Some(table) = table.as_table_mut() else { panic!("{path}: {key} is no table") };
            place = table;
        }
    }
    file
}

#[test]
fn ops_14_the_page_of_all_keys_is_the_one_that_the_parser_s_table_makes() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/businesses.md");
    let written = std::fs::read_to_string(page).unwrap_or_default();
    let made = reference::page();
    let differs = written.lines().zip(made.lines()).find(|(written, made)| written != made);
    assert!(written == made, "docs/businesses.md is old: {COMMAND}\n{differs:#?}");
}

#[test]
fn ops_14_every_key_has_an_example_that_the_parser_takes_and_that_is_not_the_default() {
    let defaults = serde_json::to_value(read(FILE).unwrap()).unwrap();
    for key in KEYS {
        let example = reference::example(key.path).unwrap_or_else(|| panic!("{}", key.path));
        let (path, example) = match (key.kind, key.path) {
            (Kind::Elsewhere, "appointments.hours") => {
                let (day, spans) = example.split_once(" = ").unwrap();
                (format!("appointments.hours.{day}"), spans)
            }
            _ => (key.path.to_owned(), example),
        };
        let text = toml::to_string(&with(&path, example)).unwrap();
        let settings = read(&text).unwrap_or_else(|error| panic!("{path}: {error}\n{text}"));
        let read = serde_json::to_value(settings).unwrap();
        let value = |of: &Value| path.split('.').fold(of.clone(), |value, key| value[key].clone());
        assert_ne!(value(&read), value(&defaults), "{path}");
    }
}

#[test]
fn ops_14_a_key_is_required_on_the_page_where_the_parser_requires_it() {
    let file = with("webhooks.events", "[\"call.ended\"]");
    let mut file = {
        let mut file = file;
        let transfer = with("transfer.text", "\"One moment.\"");
        file.insert("transfer".to_owned(), transfer["transfer"].clone());
        file
    };
    read(&toml::to_string(&file).unwrap()).unwrap();
    for path in REQUIRED {
        let whole = file.clone();
        match path.split_once('.') {
            Some((table, key)) => {
                file.get_mut(table).unwrap().as_table_mut().unwrap().remove(key).unwrap()
            }
            None => file.remove(path).unwrap(),
        };
        let refused = read(&toml::to_string(&file).unwrap()).unwrap_err();
        assert!(refused.contains("missing field"), "{path}: {refused}");
        file = whole;
    }
}
