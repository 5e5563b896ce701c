use super::*;
use crate::cli::business;
use crate::cli::tests::{OnDisk, example};
use crate::platform::Platform;
use crate::provider::RunningProvider;

async fn told(on_disk: &OnDisk, keys: &[(&str, &str)]) -> String {
    let keys =
        [("SERVER__LISTEN", "127.0.0.1:0"), ("ADMIN__LISTEN", "127.0.0.1:0")].iter().chain(keys);
    let state = on_disk.file("state", "").with_file_name("");
    let state = ("SERVER__STATE_DIR", state.to_str().unwrap());
    let keys: Vec<_> = keys.copied().chain([state]).collect();
    let config = on_disk.config_with(&keys);
    let provider = RunningProvider::start(&config.openai).await.unwrap();
    let app = App::start(config.clone(), provider.endpoint(), Platform::live()).await.unwrap();
    let lines = lines(&app, &config).await.unwrap();
    app.serve_until(std::future::ready(()), std::future::pending()).await;
    lines
}

#[tokio::test]
async fn ops_14_serve_says_where_it_listens_what_is_practice_and_whose_numbers_it_answers() {
    let on_disk = OnDisk::default();
    let empty = told(&on_disk, &[]).await;
    assert!(empty.contains("admin     none: admin.token is not set\n"), "{empty}");
    assert!(empty.contains("no business: `frontdesk business import FILE`"), "{empty}");
    assert!(empty.contains("practice  a simulated model answers"), "{empty}");
    let import = business::Command::Import { file: example("tel-aviv-locks") };
    business::run(import, &on_disk.config(), &Platform::live(), &mut Vec::new()).await.unwrap();
    let one = told(&on_disk, &[("ADMIN__TOKEN", "0123456789abcdef")]).await;
    assert!(
        one.contains("voice     http://127.0.0.1:8080/twilio/voice, and as the fallback\n"),
        "{one}"
    );
    assert!(one.contains("1 business\n  tel-aviv-locks  +97231234567  voice\n"), "{one}");
    assert!(one.contains("/console, with the operator's listener alone\n"), "{one}");
    let plain =
        [("CONSOLE__LISTEN", "127.0.0.1:0"), ("CONSOLE__PUBLIC_URL", "http://locks.example")];
    let published = told(&on_disk, &plain).await;
    assert!(published.contains("nobody can sign in: browsers want https"), "{published}");
    assert!(one.contains("admin     http://127.0.0.1:") && !one.contains("0123456789"), "{one}");
}
