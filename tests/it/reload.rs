//! `frontdesk serve`, as a program, reads its configuration again (OPS-11).

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use actors::http_client::{Connections, HttpClient};
use frontdesk::app::{App, RealtimeEndpoint};
use frontdesk::config::{Config, DatabaseUrl, ModelProvider};
use frontdesk::network::Network;
use frontdesk::platform::Platform;
use protocol::business::BusinessSettings;
use protocol::ids::{PhoneNumber, Slug};
use protocol::openai::responses::{HistoryItem, TextRequest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const OLD_TOKEN: &str = "the-old-token-of-16";
const NEW_TOKEN: &str = "the-new-token-of-16";

/// A daemon, and what it tells systemd.
struct Daemon {
    process: Child,
    systemd: UnixDatagram,
    folder: tempfile::TempDir,
    http: HttpClient,
}

fn config(folder: &Path, max_calls: &str, token: &str, filter: &str) {
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nmax_calls = {max_calls}\n\
         [admin]\nlisten = \"127.0.0.1:0\"\ntoken = \"{token}\"\n[log]\nfilter = \"{filter}\"\n"
    );
    std::fs::write(folder.join("config.toml"), text).unwrap();
}

impl Daemon {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        config(folder.path(), "3", OLD_TOKEN, "info");
        let socket = folder.path().join("notify");
        let systemd = UnixDatagram::bind(&socket).unwrap();
        systemd.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
        command.arg("serve").current_dir(folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::from(log));
        command.env_remove("RUST_LOG").env("NOTIFY_SOCKET", &socket).env("FRONTDESK_LOG", "json");
        let process = command.spawn().unwrap();
        let limit = Duration::from_secs(20);
        let dialer = Network::Tcp.plain_dialer(limit);
        let http = HttpClient::new(dialer, Connections::Kept, limit, 1024 * 1024);
        let daemon = Self { process, systemd, folder, http };
        assert!(daemon.told().starts_with("READY=1\n"));
        daemon
    }

    /// The next thing that systemd is told.
    fn told(&self) -> String {
        let mut message = [0; 512];
        let length = self.systemd.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    }

    fn kill(&self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Sends SIGHUP, and waits until the daemon is ready again. Returns the log's last line.
    fn reload(&self) -> serde_json::Value {
        self.kill("-HUP");
        let reloading = self.told();
        let micros = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").map(str::trim_end);
        assert!(micros.is_some_and(|micros| micros.parse::<u64>().is_ok()), "{reloading}");
        assert!(self.told().starts_with("READY=1\n"));
        serde_json::from_str(self.log().lines().last().unwrap()).unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The address of the operator's listener, as the log tells it.
    fn admin(&self) -> String {
        let log = self.log();
        let line = log.lines().find(|line| line.contains("\"listening\"")).unwrap();
        let (_, rest) = line.split_once("admin_address\":\"Some(").unwrap();
        rest.split_once(')').unwrap().0.to_owned()
    }

    /// How many calls the daemon takes. `None` if it refuses the token.
    async fn limit(&self, token: &str) -> Option<String> {
        let url = format!("http://{}/metrics", self.admin());
        let answer = self.http.get(&url).bearer_auth(token).send().await.unwrap();
        let text = answer.text();
        let value = text.lines().find_map(|line| line.strip_prefix("frontdesk_calls_limit "));
        (answer.status == 200).then(|| value.unwrap().to_owned())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_11_sighup_takes_over_what_can_be_and_says_what_cannot() {
    let mut daemon = Daemon::start();
    assert_eq!(daemon.limit(OLD_TOKEN).await.as_deref(), Some("3"));

    let same = daemon.reload();
    assert_eq!((&same["level"], &same["changed"]), (&"INFO".into(), &"none".into()), "{same}");

    config(daemon.folder.path(), "7", NEW_TOKEN, "info,sqlx=warn");
    let log = daemon.reload();
    assert_eq!(log["changed"], "server.max_calls, admin.token, log.filter", "{log}");
    assert_eq!(daemon.limit(OLD_TOKEN).await, None, "the old token still opens");
    assert_eq!(daemon.limit(NEW_TOKEN).await.as_deref(), Some("7"));
    assert!(!daemon.log().contains(NEW_TOKEN) && !daemon.log().contains(OLD_TOKEN));

    let file = daemon.folder.path().join("config.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let restart = text.replace("[server]", "[server]\nstate_dir = \"elsewhere\"");
    std::fs::write(&file, restart.replace("max_calls = 7", "max_calls = 8")).unwrap();
    for changed in ["server.max_calls", "none"] {
        let log = daemon.reload();
        let told = (&log["level"], &log["changed"], &log["need_restart"]);
        assert_eq!(told, (&"WARN".into(), &changed.into(), &"server.state_dir".into()), "{log}");
    }
    assert_eq!(daemon.limit(NEW_TOKEN).await.as_deref(), Some("8"));

    for (wrong, said) in [
        ("max_calls = 0", "server.max_calls"),
        ("max_calls = 9\nno_such_key = 1", "no_such_key"),
        ("max_calls = 9\ndrain_timeout = \"9999h\"", "server.drain_timeout must be at most"),
        ("max_calls = 9\n[openai]\nprovider = \"openai\"", "openai.api_key"),
    ] {
        std::fs::write(&file, text.replace("max_calls = 7", wrong)).unwrap();
        let log = daemon.reload();
        let message = log["message"].as_str().unwrap();
        assert_eq!(log["level"], "ERROR");
        assert!(message.contains("nothing has changed") && message.contains(said), "{message}");
        assert_eq!(daemon.limit(NEW_TOKEN).await.as_deref(), Some("8"), "{wrong}");
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(daemon.reload()["level"], "ERROR", "a file that can't be read");

    daemon.kill("-TERM");
    assert!(daemon.told().starts_with("STOPPING=1\n"));
    assert!(daemon.process.wait().unwrap().success());
}

#[test]
fn ops_11_the_log_changes_its_filter_while_it_runs() {
    let mut daemon = Daemon::start();
    config(daemon.folder.path(), "3", OLD_TOKEN, "error");
    daemon.kill("-HUP");
    assert!(daemon.told().starts_with("RELOADING=1\n"));
    assert!(daemon.told().starts_with("READY=1\n"));
    let lines = daemon.log().lines().count();
    config(daemon.folder.path(), "4", OLD_TOKEN, "error");
    daemon.kill("-HUP");
    assert!(daemon.told().starts_with("RELOADING=1\n"));
    assert!(daemon.told().starts_with("READY=1\n"));
    assert_eq!(daemon.log().lines().count(), lines, "information is logged no more");
    config(daemon.folder.path(), "5", OLD_TOKEN, "info");
    assert_eq!(daemon.reload()["changed"], "server.max_calls, log.filter");
    daemon.kill("-TERM");
    assert!(daemon.process.wait().unwrap().success());
}

/// Refuses each request, in an answer that no further try changes. Returns the key that it came with.
async fn key_of_next(openai: &TcpListener) -> String {
    let (mut socket, _) = openai.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        assert_ne!(socket.read_buf(&mut request).await.unwrap(), 0);
    }
    let body =
        r#"{"error": {"message": "m", "type": "t", "param": null, "code": "invalid_value"}}"#;
    let answer = format!(
        "HTTP/1.1 400 x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(answer.as_bytes()).await.unwrap();
    let text = String::from_utf8(request).unwrap().to_lowercase();
    let (_, key) = text.split_once("authorization: bearer ").unwrap();
    key.split_once("\r\n").unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_11_a_new_key_of_openai_counts_for_written_messages_too() {
    let openai = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text_url = format!("http://{}/v1/responses", openai.local_addr().unwrap());
    let mut config = Config::default();
    config.database.url = DatabaseUrl::parse("sqlite::memory:").unwrap();
    config.server.listen = ([127, 0, 0, 1], 0).into();
    config.openai.provider = ModelProvider::OpenAi;
    config.openai.api_key = Some("sk-old".into());
    let endpoint =
        RealtimeEndpoint { url: "ws://127.0.0.1:1".to_owned(), text_url, key: "sk-old".into() };
    let platform = Platform { has_disk: false, ..Platform::live() };
    let app = App::start(config.clone(), endpoint, platform).await.unwrap();
    let mut reloader = app.reloader();

    let number = PhoneNumber::parse("+97231234567").unwrap();
    let business = BusinessSettings::new(Slug::parse("b").unwrap(), "b", vec![number]);
    let history = vec![HistoryItem::Person { text: "שלום".to_owned() }];
    let request = TextRequest::new(Arc::new(business), "gpt-6-luna", "Be kind.".into(), history);
    let model = app.services().text_model.clone();
    for key in ["sk-old", "sk-new"] {
        config.openai.api_key = Some(key.into());
        reloader.reload(&config);
        let (asked, heard) = tokio::join!(model.answer(&request), key_of_next(&openai));
        asked.unwrap_err();
        assert_eq!(heard, key);
    }
    app.stop().await;
}
