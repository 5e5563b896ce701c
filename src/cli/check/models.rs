//! The models of the businesses, and when OpenAI shuts them down.

use std::collections::BTreeMap;

use jiff::civil::Date;
use protocol::business::BusinessSettings;
use protocol::ids::Slug;
use protocol::openai::transcription::shut_down_on;
use serde::Deserialize;

use super::finding::Finding;

const ABOUT: &str = "models";

/// A model that a business uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UsedModel {
    business: Slug,
    key: &'static str,
    model: String,
    instead: &'static str,
}

impl UsedModel {
    pub(super) fn of(settings: &BusinessSettings) -> [Self; 2] {
        let agent = &settings.agent;
        [
            ("agent.transcription_model", &agent.transcription_model, "gpt-transcribe"),
            ("agent.model", &agent.model, "gpt-realtime-2.1"),
        ]
        .map(|(key, model, instead)| Self {
            business: settings.slug.clone(),
            key,
            model: model.clone(),
            instead,
        })
    }
}

/// When models are shut down, as the provider's list of models says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ShutDowns(BTreeMap<String, Date>);

/// The part of the list that is read.
#[derive(Deserialize)]
struct List {
    data: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    shutdown_date: Option<String>,
}

impl ShutDowns {
    /// Reads the answer of `GET /v1/models`. One in another form, as a gateway's may be, says nothing.
    pub(super) fn read(answer: &[u8]) -> Self {
        let models = serde_json::from_slice::<List>(answer).map(|list| list.data);
        let dated = models.unwrap_or_default().into_iter().filter_map(|listed| {
            // A time of day may follow.
            let day = listed.shutdown_date?.get(..10)?.parse().ok()?;
            Some((listed.id, day))
        });
        Self(dated.collect())
    }

    /// The provider knows best. What it does not tell is looked up in this version's own table.
    fn of(&self, model: &str) -> Option<String> {
        let listed = self.0.get(model).map(Date::to_string);
        listed.or_else(|| shut_down_on(model).map(str::to_owned))
    }
}

/// Warns of the models that are shut down.
pub(super) fn check(used: &[UsedModel], shut_downs: &ShutDowns) -> Vec<Finding> {
    let warnings = used.iter().filter_map(|used| {
        let UsedModel { business, key, model, instead } = used;
        let day = shut_downs.of(model)?;
        let message = format!(
            "{business}: OpenAI shuts {model} down on {day}: set {key} = \"{instead}\" and import \
             the file again"
        );
        Some(Finding::warn(ABOUT, message))
    });
    warnings.collect()
}

#[cfg(test)]
mod tests {
    use protocol::ids::PhoneNumber;

    use super::*;

    fn used(model: &str, transcription: &str) -> [UsedModel; 2] {
        let slug = Slug::parse("locks").unwrap();
        let number = PhoneNumber::parse("+97231234567").unwrap();
        let mut settings = BusinessSettings::new(slug, "Locks", vec![number]);
        settings.agent.model = model.to_owned();
        settings.agent.transcription_model = transcription.to_owned();
        UsedModel::of(&settings)
    }

    fn told(used: &[UsedModel], list: &str) -> Vec<String> {
        let shut_downs = ShutDowns::read(list.as_bytes());
        check(used, &shut_downs).iter().map(ToString::to_string).collect()
    }

    const TODAY: [&str; 2] = ["gpt-realtime-2.1", "gpt-transcribe"];

    #[test]
    fn ops_5_models_that_are_shut_down_are_warned_of_by_name_and_day() {
        assert_eq!(told(&used(TODAY[0], TODAY[1]), ""), Vec::<String>::new());
        assert_eq!(
            told(&used(TODAY[0], "gpt-4o-mini-transcribe"), ""),
            ["warn  models    locks: OpenAI shuts gpt-4o-mini-transcribe down on 2027-02-26: set \
              agent.transcription_model = \"gpt-transcribe\" and import the file again"]
        );
    }

    #[test]
    fn ops_5_the_provider_s_list_tells_of_shut_downs_that_this_version_does_not_know() {
        let list = |day: &str| {
            format!(
                r#"{{"object":"list","data":[
                    {{"id":"gpt-realtime-2.1","object":"model","created":1,"owned_by":"x","shutdown_date":{day}}},
                    {{"id":"gpt-transcribe","object":"model","created":1,"owned_by":"x","shutdown_date":null}},
                    {{"id":"gpt-realtime","object":"model","created":1,"owned_by":"x"}}]}}"#
            )
        };
        for day in ["\"2028-05-01\"", "\"2028-05-01T00:00:00Z\""] {
            let warned = told(&used(TODAY[0], TODAY[1]), &list(day));
            let [warning] = warned.as_slice() else { panic!("{warned:?}") };
            assert!(
                warning.contains("locks: OpenAI shuts gpt-realtime-2.1 down on 2028-05-01: set")
            );
        }
        // The list says nothing of this one; the table does.
        let known = told(&used("gpt-realtime", TODAY[1]), &list("null"));
        assert!(known[0].contains("gpt-realtime down on 2027-01-20"), "{known:?}");
        for odd in ["null", "\"soon\"", "\"\"", "\"2028-13-45\""] {
            assert_eq!(told(&used(TODAY[0], TODAY[1]), &list(odd)), Vec::<String>::new(), "{odd}");
        }
        for other in ["", "{}", "[]", "<html>", r#"{"data":{}}"#, r#"{"data":[{"id":5}]}"#] {
            assert_eq!(told(&used(TODAY[0], TODAY[1]), other), Vec::<String>::new(), "{other}");
        }
    }
}
