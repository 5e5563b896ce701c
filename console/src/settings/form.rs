//! Settings to fields, and fields back to settings.

use protocol::business::{BusinessSettings, Language, SettingsError};
use protocol::ids::Slug;
use serde_json::{Map, Value};

use super::keys::{KEYS, Key, Kind, Owner, Section};
use super::language_defaults;
use super::why::{Problem, Why};
use crate::components::{Choice, Control, Field};
use crate::texts::Texts;

/// The fields of a section, with these values.
#[must_use]
pub fn fields(
    t: &Texts,
    section: Section,
    settings: &Value,
    admin: bool,
    problems: &[Problem],
) -> Vec<Field> {
    let defaults = defaults();
    let language = settings["language"].as_str().and_then(|tag| Language::parse(tag).ok());
    let language = language.unwrap_or_default();
    let keys = KEYS.iter().filter(|key| key.section == section && key.kind != Kind::Elsewhere);
    let field = |key: &Key| {
        let value = at(settings, key.path);
        let default = written(at(&defaults, key.path));
        let default = Some(shown(t, key, &default)).filter(|text| !text.is_empty());
        Field {
            help: Some(help(t, key)),
            default: language_defaults::text(key.path, &language).or(default),
            error: problems.iter().find(|it| it.path == key.path).map(|it| it.why.say(t)),
            locked: locked(t, key, admin),
            left_to_right: is_left_to_right(key.kind),
            ..Field::new(key.path, t.say(&key.text()), control(t, key, value))
        }
    };
    keys.map(field).collect()
}

fn help(t: &Texts, key: &Key) -> String {
    let help = t.say(&format!("{}-help", key.text()));
    match key.kind {
        Kind::List | Kind::Phones | Kind::Dates => format!("{help} {}", t.say("one-a-line")),
        Kind::Line
        | Kind::Lines
        | Kind::Code
        | Kind::Phone
        | Kind::Integer
        | Kind::Decimal
        | Kind::Duration
        | Kind::Switch
        | Kind::Choice(_)
        | Kind::Limit
        | Kind::Elsewhere => help,
    }
}

fn locked(t: &Texts, key: &Key, admin: bool) -> Option<String> {
    match key.owner {
        Owner::Business => None,
        Owner::Admin => (!admin).then(|| t.say("locked-admin")),
        Owner::Nobody => Some(t.say("locked-nobody")),
    }
}

fn is_left_to_right(kind: Kind) -> bool {
    match kind {
        Kind::Code
        | Kind::Phone
        | Kind::Phones
        | Kind::Integer
        | Kind::Decimal
        | Kind::Duration
        | Kind::Dates
        | Kind::Limit => true,
        Kind::Line
        | Kind::Lines
        | Kind::List
        | Kind::Switch
        | Kind::Choice(_)
        | Kind::Elsewhere => false,
    }
}

fn control(t: &Texts, key: &Key, value: &Value) -> Control {
    let text = written(value);
    let line = |kind| Control::Line { kind, value: text.clone() };
    match key.kind {
        Kind::Line | Kind::Code | Kind::Duration | Kind::Decimal | Kind::Limit => line("text"),
        Kind::Phone => line("tel"),
        Kind::Integer => line("number"),
        Kind::Lines => Control::Lines { value: text, rows: 2 },
        Kind::List | Kind::Phones | Kind::Dates => Control::Lines { value: text, rows: 3 },
        Kind::Switch => Control::Switch { on: value.as_bool().unwrap_or_default() },
        Kind::Choice(words) => {
            let choices = words
                .iter()
                .map(|word| Choice::new(*word, t.say(&key.choice_text(word))))
                .collect();
            Control::Choice { value: text, choices }
        }
        Kind::Elsewhere => line("hidden"),
    }
}

/// A default in words.
fn shown(t: &Texts, key: &Key, default: &str) -> String {
    if let Kind::Choice(words) = key.kind
        && words.contains(&default)
    {
        return t.say(&key.choice_text(default));
    }
    if key.kind == Kind::Switch {
        return t.say(if default == "true" { "yes" } else { "no" });
    }
    default.to_owned()
}

/// A value as its field shows it: nothing for null, and the entries of a list one a line.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::Null | Value::Object(_) => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(entries) => entries.iter().map(written).collect::<Vec<_>>().join("\n"),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Every key's default.
pub(super) fn defaults() -> Value {
    let slug = Slug::parse("business").ok();
    let settings = slug.map(|slug| BusinessSettings::new(slug, "", Vec::new()));
    let mut defaults = settings.and_then(|it| serde_json::to_value(it).ok()).unwrap_or_default();
    defaults["slug"] = Value::Null;
    defaults
}

/// The value at a path; null if there is none.
pub(super) fn at<'a>(settings: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(settings, |value, key| &value[key])
}

/// Reads a section's form into settings. `entered` gives the value of a field by its name; a switch that is off is not sent.
/// Keys of other sections, and those that the user may not change, stay as they are.
///
/// # Errors
/// All problems of the section, each with its key.
pub fn read<'a>(
    section: Section,
    settings: &Value,
    admin: bool,
    entered: impl Fn(&str) -> Option<&'a str>,
) -> Result<BusinessSettings, Vec<Problem>> {
    let mut value = settings.clone();
    let mut problems = Vec::new();
    for key in KEYS.iter().filter(|key| key.section == section) {
        let open = key.owner == Owner::Business || (key.owner == Owner::Admin && admin);
        if !open || key.kind == Kind::Elsewhere {
            continue;
        }
        match parsed(key.kind, entered(key.path)) {
            Ok(new) => put(&mut value, key.path, new),
            Err(why) => problems.push(Problem { path: key.path.to_owned(), why }),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    without_empty_tables(&mut value);
    checked(value)
}

/// The settings, if all rules hold.
pub(super) fn checked(value: Value) -> Result<BusinessSettings, Vec<Problem>> {
    let settings = BusinessSettings::from_json(value).map_err(|wrong| {
        let path = wrong.path().to_string();
        // Entries of a list have a number in brackets.
        let path = path.split('[').next().unwrap_or_default().to_owned();
        vec![Problem { why: unreadable(&path, &wrong), path }]
    })?;
    match settings.validate() {
        Ok(()) => Ok(settings),
        Err(problems) => {
            let ours =
                |it: protocol::business::Problem| Problem { path: it.key, why: Why::Rule(it.rule) };
            Err(problems.into_iter().map(ours).collect())
        }
    }
}

/// Why the type of a key refuses its value.
fn unreadable(path: &str, error: &SettingsError) -> Why {
    match (path, KEYS.iter().find(|key| key.path == path)) {
        ("timezone", _) => Why::Zone,
        ("language" | "agent.transcription_language", _) => Why::Language,
        (_, Some(key)) => Why::NotA(key.kind),
        (_, None) => Why::Unusable(error.inner().to_string()),
    }
}

/// The value of a field; `None`: the default holds.
fn parsed(kind: Kind, entered: Option<&str>) -> Result<Option<Value>, Why> {
    let text = entered.unwrap_or_default().trim().replace("\r\n", "\n");
    if kind == Kind::Switch {
        return Ok(Some(Value::Bool(text == "true")));
    }
    if text.is_empty() {
        return Ok(None);
    }
    let number = || text.parse::<serde_json::Number>().map(Value::Number).ok();
    Ok(Some(match kind {
        Kind::Integer | Kind::Decimal => number().ok_or(Why::NotA(kind))?,
        Kind::Limit => number().unwrap_or(Value::String(text)),
        Kind::List | Kind::Phones | Kind::Dates => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            Value::Array(lines.map(|line| Value::String(line.to_owned())).collect())
        }
        Kind::Line
        | Kind::Lines
        | Kind::Code
        | Kind::Phone
        | Kind::Duration
        | Kind::Switch
        | Kind::Choice(_)
        | Kind::Elsewhere => Value::String(text),
    }))
}

/// Sets or removes the value at a path.
pub(super) fn put(settings: &mut Value, path: &str, new: Option<Value>) {
    let (table, key) = path.split_once('.').map_or((None, path), |(table, key)| (Some(table), key));
    let place = match table {
        Some(table) => &mut settings[table],
        None => settings,
    };
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    let Some(keys) = place.as_object_mut() else { return };
    match new {
        Some(new) => drop(keys.insert(key.to_owned(), new)),
        None => drop(keys.remove(key)),
    }
}

/// Without a number nobody can be put through to, and without an address nothing is sent: the whole table goes.
pub(super) fn without_empty_tables(settings: &mut Value) {
    for (table, key) in [("transfer", "number"), ("webhooks", "url")] {
        if settings[table][key].is_null() {
            settings[table] = Value::Null;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use protocol::business::Rule;
    use serde_json::json;

    use super::*;

    fn business() -> Value {
        json!({ "slug": "a", "name": "A", "phone_numbers": ["+97231234567"] })
    }

    /// What the browser sends for these fields.
    fn sent(fields: &[Field]) -> BTreeMap<String, String> {
        let sent = fields.iter().filter_map(|field| {
            let value = match &field.control {
                Control::Line { value, .. }
                | Control::Lines { value, .. }
                | Control::Choice { value, .. } => value.clone(),
                Control::Switch { on } => on.then(|| "true".to_owned())?,
            };
            Some((field.name.clone(), value))
        });
        sent.collect()
    }

    fn texts() -> Texts {
        Texts::new(
            crate::texts::Locale::English,
            jiff::tz::TimeZone::UTC,
            jiff::Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn con_3_a_form_that_nobody_has_changed_changes_nothing() {
        let settings = BusinessSettings::from_json(business()).unwrap();
        let value = serde_json::to_value(&settings).unwrap();
        for section in Section::all() {
            let form = sent(&fields(&texts(), section, &value, true, &[]));
            let read = read(section, &value, true, |name| form.get(name).map(String::as_str));
            assert_eq!(read.as_ref(), Ok(&settings), "{section:?}");
        }
    }

    #[test]
    fn con_3_an_error_stands_at_its_field() {
        let wrong = [
            (Section::Silence, "silence.timeout", "seven"),
            (Section::Silence, "silence.warnings", "many"),
            (Section::Agent, "agent.max_output_tokens", "5000"),
            (Section::Appointments, "appointments.days_off", "31/12/2026"),
            (Section::Business, "phone_numbers", "+97231234567\n12"),
        ];
        for (section, path, text) in wrong {
            let value =
                serde_json::to_value(BusinessSettings::from_json(business()).unwrap()).unwrap();
            let mut form = sent(&fields(&texts(), section, &value, true, &[]));
            form.insert(path.to_owned(), text.to_owned());
            let problems =
                read(section, &value, true, |name| form.get(name).map(String::as_str)).unwrap_err();
            assert_eq!(problems.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), [path]);
            let shown = fields(&texts(), section, &value, true, &problems);
            assert!(shown.iter().find(|field| field.name == path).unwrap().error.is_some());
        }
    }

    #[test]
    fn con_6_an_error_is_in_the_users_language() {
        let problems = [Problem {
            path: "silence.timeout".to_owned(),
            why: Why::Rule(Rule::Within {
                least: "1s".to_owned(),
                most: "10m".to_owned(),
                why: "",
            }),
        }];
        let texts = Texts::new(
            crate::texts::Locale::Hebrew,
            jiff::tz::TimeZone::UTC,
            jiff::Timestamp::UNIX_EPOCH,
        );
        let shown = fields(&texts, Section::Silence, &business(), true, &problems);
        let error = shown.iter().find_map(|field| field.error.as_deref()).unwrap();
        assert_eq!(error, "הערך חייב להיות מ־1s עד 10m.");
    }

    #[test]
    fn con_2_a_forged_form_of_a_business_user_changes_nothing_of_the_admins() {
        let mut value = business();
        value["transfer"] = json!({ "number": "+972501112233" });
        let forged = |name: &str| match name {
            "transfer.number" => Some("+972509999999"),
            _ => None,
        };
        let read = read(Section::Transfer, &value, false, forged).unwrap();
        assert_eq!(read.transfer.unwrap().number.as_str(), "+972501112233");
    }
}
