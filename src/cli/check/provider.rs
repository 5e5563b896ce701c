//! Checks the provider: that it can be reached and accepts the key.

use ::actors::http_client::HttpClient;
use http::StatusCode;
use secrecy::ExposeSecret;

use super::finding::Finding;
use super::models::ShutDowns;
use crate::cli::http::reason;
use crate::config::{ModelProvider, OpenAi, WebSocketUrl};

const ABOUT: &str = "openai";

/// Tries the key on the list of models, which costs nothing.
pub(super) async fn check(config: &OpenAi, client: &HttpClient) -> (Finding, ShutDowns) {
    let finding = match config.provider {
        ModelProvider::Practice if !cfg!(feature = "practice") => Finding::fail(
            ABOUT,
            "the practice provider is not built in: set provider = \"openai\", or build with \
             default features",
        ),
        ModelProvider::Practice => Finding::ok(
            ABOUT,
            "the practice provider, which is built in and never answers real callers",
        ),
        ModelProvider::OpenAi => return check_openai(config, client).await,
    };
    (finding, ShutDowns::default())
}

async fn check_openai(config: &OpenAi, client: &HttpClient) -> (Finding, ShutDowns) {
    let Some(key) = &config.api_key else {
        let finding = Finding::fail(ABOUT, "it can't be checked: openai.api_key is missing");
        return (finding, ShutDowns::default());
    };
    let url = models_url(&config.realtime_url);
    let request = client.get(&url).bearer_auth(key.expose_secret());
    match request.send().await {
        Ok(answer) => (finding(&url, answer.status), ShutDowns::read(&answer.body)),
        Err(error) => {
            let message = format!(
                "{url} can't be reached ({}): check openai.realtime_url, and that this machine \
                 may connect to it",
                reason(&error)
            );
            (Finding::fail(ABOUT, message), ShutDowns::default())
        }
    }
}

fn finding(url: &str, status: StatusCode) -> Finding {
    match status {
        StatusCode::OK => Finding::ok(ABOUT, format!("{url} accepts the key")),
        StatusCode::UNAUTHORIZED => Finding::fail(
            ABOUT,
            format!(
                "{url} refuses the key: set openai.api_key, or FRONTDESK__OPENAI__API_KEY, to a \
                 valid one"
            ),
        ),
        StatusCode::FORBIDDEN => Finding::fail(
            ABOUT,
            format!("{url} does not allow this key: give it access to the Realtime API"),
        ),
        StatusCode::NOT_FOUND => Finding::warn(
            ABOUT,
            format!("{url} was not found, so the key was not tried: is it a gateway's address?"),
        ),
        StatusCode::TOO_MANY_REQUESTS => Finding::warn(
            ABOUT,
            format!(
                "{url} limits this key for now, so calls may get the apology: check the account's \
                 limits and credit"
            ),
        ),
        status => Finding::fail(
            ABOUT,
            format!("{url} answers {status}: try again, or check the provider's status page"),
        ),
    }
}

/// `GET …/models`, beside the realtime endpoint.
fn models_url(realtime: &WebSocketUrl) -> String {
    let url = realtime.to_string();
    // "wss" becomes "https", "ws" becomes "http".
    let url = url.replacen("ws", "http", 1);
    let url = url.split('?').next().unwrap_or(&url).trim_end_matches('/');
    format!("{}/models", url.strip_suffix("/realtime").unwrap_or(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_are_listed_beside_the_realtime_endpoint() {
        let url = |text| models_url(&WebSocketUrl::parse(text).unwrap());
        assert_eq!(url("wss://api.openai.com/v1/realtime"), "https://api.openai.com/v1/models");
        assert_eq!(url("ws://127.0.0.1:9/v1/realtime/?a=b"), "http://127.0.0.1:9/v1/models");
        assert_eq!(url("wss://gateway.example.com/x"), "https://gateway.example.com/x/models");
    }
}
