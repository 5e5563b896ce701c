//! What differs between two configurations, and what of it a running daemon can take over.

use secrecy::{ExposeSecret, SecretString};

use super::{
    Admin, Config, Console, Database, Log, OpenAi, Server, Supervision, Telemetry, Twilio,
};

/// The keys whose values differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// A running daemon takes them over.
    pub reloaded: Vec<&'static str>,
    /// They count from the next start on.
    pub need_restart: Vec<&'static str>,
}

/// Who notices a new value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Reload,
    Restart,
}

impl Changes {
    /// What is different in `new`. Every key is listed here: a new one doesn't compile otherwise.
    #[must_use]
    pub fn between(old: &Config, new: &Config) -> Self {
        let Config {
            server,
            admin,
            console,
            database,
            openai,
            twilio,
            supervision,
            telemetry,
            log,
        } = new;
        let mut changes = Self::default();
        changes.server(&old.server, server);
        changes.admin(&old.admin, admin);
        let Console { listen, public_url } = console;
        let was = &old.console;
        changes.note("console.listen", was.listen != *listen, Effect::Restart);
        changes.note("console.public_url", was.public_url != *public_url, Effect::Restart);
        changes.openai(&old.openai, openai);
        changes.twilio(&old.twilio, twilio);
        let Database { url } = database;
        changes.note("database.url", old.database.url.expose() != url.expose(), Effect::Restart);
        let Supervision { intensity, period, backoff } = supervision;
        let was = &old.supervision;
        changes.note("supervision.intensity", was.intensity != *intensity, Effect::Restart);
        changes.note("supervision.period", was.period != *period, Effect::Restart);
        changes.note("supervision.backoff", was.backoff != *backoff, Effect::Restart);
        let Telemetry { otlp_url } = telemetry;
        let differs = old.telemetry.otlp_url != *otlp_url;
        changes.note("telemetry.otlp_url", differs, Effect::Restart);
        let Log { filter } = log;
        changes.note("log.filter", old.log.filter != *filter, Effect::Reload);
        changes
    }

    fn server(&mut self, old: &Server, new: &Server) {
        let Server {
            listen,
            public_url,
            node_url,
            state_dir,
            person_key,
            allow_private_webhooks,
            max_calls,
            drain_timeout,
            patience: _,
        } = new;
        self.note("server.listen", old.listen != *listen, Effect::Restart);
        self.note("server.public_url", old.public_url != *public_url, Effect::Restart);
        self.note("server.node_url", old.node_url != *node_url, Effect::Restart);
        self.note("server.state_dir", old.state_dir != *state_dir, Effect::Restart);
        let differs = differ(old.person_key.as_ref(), person_key.as_ref());
        self.note("server.person_key", differs, Effect::Restart);
        let differs = old.allow_private_webhooks != *allow_private_webhooks;
        self.note("server.allow_private_webhooks", differs, Effect::Restart);
        self.note("server.max_calls", old.max_calls != *max_calls, Effect::Reload);
        self.note("server.drain_timeout", old.drain_timeout != *drain_timeout, Effect::Reload);
    }

    fn admin(&mut self, old: &Admin, new: &Admin) {
        let Admin { listen, token, allow_actor_kill } = new;
        self.note("admin.listen", old.listen != *listen, Effect::Restart);
        // Without a token there is no listener, and none is opened or closed while the daemon runs.
        let both = old.token.is_some() && token.is_some();
        let effect = if both { Effect::Reload } else { Effect::Restart };
        self.note("admin.token", differ(old.token.as_ref(), token.as_ref()), effect);
        let differs = old.allow_actor_kill != *allow_actor_kill;
        self.note("admin.allow_actor_kill", differs, Effect::Reload);
    }

    fn openai(&mut self, old: &OpenAi, new: &OpenAi) {
        let OpenAi { provider, realtime_url, text_url, text_model, api_key, upstream_patience } =
            new;
        self.note("openai.provider", old.provider != *provider, Effect::Restart);
        self.note("openai.realtime_url", old.realtime_url != *realtime_url, Effect::Restart);
        self.note("openai.text_url", old.text_url != *text_url, Effect::Restart);
        self.note("openai.text_model", old.text_model != *text_model, Effect::Restart);
        self.note("openai.api_key", differ(old.api_key.as_ref(), api_key.as_ref()), Effect::Reload);
        let differs = old.upstream_patience != *upstream_patience;
        self.note("openai.upstream_patience", differs, Effect::Reload);
    }

    /// Streams of running calls have tokens that are made from the auth token, and Twilio signs with the
    /// one of the same moment. So a new one counts from the next start on.
    fn twilio(&mut self, old: &Twilio, new: &Twilio) {
        let Twilio { api_url, account_sid, auth_token, validate_signatures } = new;
        self.note("twilio.api_url", old.api_url != *api_url, Effect::Restart);
        self.note("twilio.account_sid", old.account_sid != *account_sid, Effect::Restart);
        let differs = differ(Some(&old.auth_token), Some(auth_token));
        self.note("twilio.auth_token", differs, Effect::Restart);
        let differs = old.validate_signatures != *validate_signatures;
        self.note("twilio.validate_signatures", differs, Effect::Restart);
    }

    fn note(&mut self, key: &'static str, differs: bool, effect: Effect) {
        if differs {
            match effect {
                Effect::Reload => self.reloaded.push(key),
                Effect::Restart => self.need_restart.push(key),
            }
        }
    }
}

impl Config {
    /// This configuration with those values of `new` that a running daemon takes over.
    #[must_use]
    pub fn reloaded_from(mut self, new: &Self) -> Self {
        self.server.max_calls = new.server.max_calls;
        self.server.drain_timeout = new.server.drain_timeout;
        if self.admin.token.is_some() && new.admin.token.is_some() {
            self.admin.token.clone_from(&new.admin.token);
        }
        self.admin.allow_actor_kill = new.admin.allow_actor_kill;
        self.openai.api_key.clone_from(&new.openai.api_key);
        self.openai.upstream_patience = new.openai.upstream_patience;
        self.log.filter.clone_from(&new.log.filter);
        self
    }
}

fn differ(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    one.map(ExposeSecret::expose_secret) != other.map(ExposeSecret::expose_secret)
}

#[cfg(test)]
mod tests {
    use toml::Value;

    use super::*;
    use crate::config::DEFAULT_FILE;

    /// Every key of the default file, and another value for it.
    fn keys() -> Vec<(String, String)> {
        let defaults: toml::Table = DEFAULT_FILE.parse().unwrap();
        let mut keys = Vec::new();
        for (section, values) in &defaults {
            for (key, value) in values.as_table().unwrap() {
                keys.push((
                    format!("{section}.{key}"),
                    another(&format!("{section}.{key}"), value),
                ));
            }
        }
        keys
    }

    fn another(key: &str, value: &Value) -> String {
        let text = match (key, value) {
            ("openai.provider", _) => "openai",
            ("twilio.account_sid", _) => "AC00000000000000000000000000000009",
            ("database.url", _) => "sqlite://other.db?mode=rwc",
            ("server.listen" | "admin.listen" | "console.listen", _) => "127.0.0.1:9",
            ("openai.realtime_url", _) => "wss://other.example",
            ("server.node_url" | "console.public_url", _) => "https://node.example",
            ("telemetry.otlp_url", _) => "http://collector.example",
            (_, Value::Boolean(value)) => return (!value).to_string(),
            (_, Value::Integer(value)) => return (value + 1).to_string(),
            (_, Value::Array(_)) => "3ms",
            (_, Value::String(text)) if text.starts_with("http") => "https://other.example",
            (_, Value::String(text)) if text.ends_with(['s', 'm']) && text.len() < 5 => "9s",
            (_, _) => "0123456789abcdef",
        };
        text.to_owned()
    }

    fn with(key: &str, value: &str) -> Config {
        let variable = format!("FRONTDESK__{}", key.replace('.', "__").to_ascii_uppercase());
        Config::load(None, [(variable, value.to_owned())].into_iter()).unwrap()
    }

    #[test]
    fn ops_11_each_key_is_reloaded_or_needs_a_restart() {
        let old = Config::default();
        assert_eq!(Changes::between(&old, &old), Changes::default());
        for (key, value) in keys() {
            let new = with(&key, &value);
            let Changes { reloaded, need_restart } = Changes::between(&old, &new);
            let changed: Vec<_> = reloaded.iter().chain(&need_restart).collect();
            assert_eq!(changed, [&key.as_str()]);
            // What was taken over is no change any more; what was not, still is.
            let running = old.clone().reloaded_from(&new);
            let rest = Changes::between(&running, &new);
            assert_eq!(rest, Changes { reloaded: Vec::new(), need_restart }, "{key}");
        }
    }

    #[test]
    fn ops_11_limits_keys_and_the_log_are_reloaded_and_addresses_are_not() {
        let reloaded: Vec<String> = (keys().into_iter())
            .filter(|(key, value)| {
                !Changes::between(&Config::default(), &with(key, value)).reloaded.is_empty()
            })
            .map(|(key, _)| key)
            .collect();
        let mut expected = [
            "server.max_calls",
            "server.drain_timeout",
            "admin.allow_actor_kill",
            "openai.api_key",
            "openai.upstream_patience",
            "log.filter",
        ];
        expected.sort_unstable();
        assert_eq!(reloaded, expected);
    }

    #[test]
    fn ops_11_the_admin_token_is_reloaded_while_there_is_a_listener() {
        let token = |value: &str| with("admin.token", value);
        let (one, other) = (token("0123456789abcdef"), token("fedcba9876543210"));
        assert_eq!(Changes::between(&one, &other).reloaded, ["admin.token"]);
        for (old, new) in [(&one, &Config::default()), (&Config::default(), &one)] {
            assert_eq!(Changes::between(old, new).need_restart, ["admin.token"]);
        }
        let closed = one.clone().reloaded_from(&Config::default());
        assert!(closed.admin.token.is_some(), "the listener is not left open without a token");
    }
}
