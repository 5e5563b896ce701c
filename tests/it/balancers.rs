//! The load balancers of `docs/scaling.md`, where they are installed: two daemons behind the example, a call, and
//! the death of the one that has it (RES-9). And the proxies of `docs/operations.md`, in front of one daemon (OPS-15).
//! Without TLS, and with addresses of this machine.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use practice::twilio::{CallerHandle, Done};

use crate::booking::Schema;
use crate::support::{pause, within};
use crate::survival::daemon::{Places, Stage};
use crate::survival::{BACK, CLOSING, GREETING, STORY, brain, hears, hears_any, hears_some, says};

const SEVERAL: &str = include_str!("../../docs/scaling.md");
const ONE: &str = include_str!("../../docs/operations.md");

/// A program that runs until the test ends.
struct Balancer(Child);

impl Balancer {
    /// Waits until it passes requests to a daemon that takes calls.
    async fn passes(&mut self, port: u16) {
        let passes = async {
            let ready = format!("127.0.0.1:{port}");
            while !is_ready(&ready).await {
                assert_eq!(self.0.try_wait().unwrap(), None, "the balancer ended by itself");
                pause().await;
            }
        };
        within("a daemon behind the balancer", passes).await;
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first example of the page in this language.
fn example(page: &'static str, language: &str) -> &'static str {
    let (_, after) = page.split_once(&format!("```{language}\n")).unwrap();
    after.split_once("```").unwrap().0
}

/// The example for several daemons in this language, with the places of the test.
fn for_several(language: &str, places: &Places, port: u16) -> String {
    let text = example(SEVERAL, language);
    let bind = ":443 ssl crt /etc/haproxy/voice.example.net.pem";
    let text = text
        .replace(bind, &format!(":{port}"))
        .replace("10.0.0.1:8080", &places.daemons[0].to_string())
        .replace("10.0.0.2:8080", &places.daemons[1].to_string());
    let site = |host: &str| {
        if language == "caddyfile" {
            format!("http://{host}:{port}")
        } else {
            format!("{host}:{port}")
        }
    };
    text.replace("node-1.voice.example.net", &site("127.0.0.2"))
        .replace("node-2.voice.example.net", &site("127.0.0.3"))
        .replace("voice.example.net", &site("127.0.0.1"))
}

/// The example for one daemon in this language, with the place of the test.
fn for_one(language: &str, daemon: SocketAddr, port: u16) -> String {
    let without_tls = |line: &&str| !line.trim_start().starts_with("ssl_");
    let lines: Vec<&str> = example(ONE, language).lines().filter(without_tls).collect();
    lines
        .join("\n")
        .replace("listen 443 ssl", &format!("listen 127.0.0.1:{port}"))
        .replace("voice.example.net {", &format!("http://127.0.0.1:{port} {{"))
        .replace("127.0.0.1:8080", &daemon.to_string())
}

/// The places of two daemons behind a balancer on this port. It knows each by an address of its own.
fn places(port: u16) -> Places {
    let nodes = [2, 3].map(|host| format!("http://127.0.0.{host}:{port}"));
    Places { nodes, public: format!("http://127.0.0.1:{port}"), ..Places::free() }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn haproxy(folder: &Path, config: &str) -> Balancer {
    let file = folder.join("haproxy.cfg");
    fs::write(&file, config).unwrap();
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(file);
    start(command)
}

fn caddy(folder: &Path, config: &str) -> Balancer {
    let file = folder.join("Caddyfile");
    fs::write(&file, format!("{{\n\tadmin off\n\tauto_https off\n}}\n{config}")).unwrap();
    let mut command = Command::new("caddy");
    command.arg("run").arg("--config").arg(file).env("HOME", folder);
    start(command)
}

fn nginx(folder: &Path, config: &str) -> Balancer {
    let own = |what: &str| folder.join(what).display().to_string();
    let mut http = String::from("access_log off;\n");
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        http += &format!("{kind}_temp_path {};\n", own(kind));
    }
    let pid = own("pid");
    // One process, so that its end is the end of all.
    let main = format!("daemon off;\nmaster_process off;\npid {pid};\nerror_log stderr;\n");
    let file = folder.join("nginx.conf");
    fs::write(&file, format!("{main}events {{}}\nhttp {{\n{http}{config}}}\n")).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-c").arg(file).arg("-p").arg(folder);
    start(command)
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("version").output().is_ok()
}

fn start(mut command: Command) -> Balancer {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Balancer(command.spawn().unwrap())
}

/// Which daemon the call's newest stream connects to.
fn owner(caller: &CallerHandle, places: &Places) -> usize {
    let view = caller.view();
    let connected = view.borrow().verbs.iter().rev().find_map(|verb| match &verb.what {
        Done::Connected { url } => Some(url.replace("ws://", "http://")),
        Done::Said { .. }
        | Done::Played { .. }
        | Done::PlayedDigits(_)
        | Done::Paused(_)
        | Done::Redirected(_)
        | Done::Rejected(_)
        | Done::HungUp
        | Done::Dialled { .. } => None,
    });
    let connected = connected.unwrap();
    places.nodes.iter().position(|node| connected.starts_with(node)).unwrap()
}

async fn stage(places: &Places, schema: Option<Schema>) -> Stage {
    Stage::at(places.clone(), schema, brain(), |business| {
        business.greeting.text = Some(GREETING.to_owned());
        business.ending.closing_text = Some(CLOSING.to_owned());
        business.silence.timeout = Duration::from_secs(60);
    })
    .await
}

/// The caller says goodbye, and everything went as Twilio wants it.
async fn ends_well(stage: &Stage, caller: &CallerHandle) {
    says(caller, "ביי").await;
    hears(caller, CLOSING).await;
    let outcome = within("the end", caller.ended()).await;
    assert!(outcome.view.violations.is_empty(), "{:?}", outcome.view.violations);
    let record = stage.ended(&outcome.view.call_sid).await;
    assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"));
}

async fn a_call_goes_through(
    language: &str,
    program: &str,
    proxy: impl FnOnce(&Path, &str) -> Balancer,
) {
    if !is_installed(program) {
        return;
    }
    let port = free_port();
    let public = format!("http://127.0.0.1:{port}");
    let free = Places::free();
    let places = Places { nodes: [public.clone(), free.nodes[1].clone()], public, ..free };
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(&places, None).await;
    let daemon = stage.start(0).await;
    let mut proxy = proxy(folder.path(), &for_one(language, places.daemons[0], port));
    proxy.passes(port).await;
    let caller = stage.dial();
    hears(&caller, GREETING).await;
    ends_well(&stage, &caller).await;
    drop(daemon);
    stage.close().await;
}

async fn a_call_goes_on_behind(
    language: &str,
    program: &str,
    balance: impl FnOnce(&Path, &str) -> Balancer,
) {
    let port = free_port();
    let places = places(port);
    let folder = tempfile::tempdir().unwrap();
    if !is_installed(program) {
        return;
    }
    let Some(schema) = Schema::new().await else { return };
    let stage = stage(&places, Some(schema)).await;
    let mut daemons = [stage.start(0).await, stage.start(1).await];
    // After the daemons: what the balancer does not reach counts as failed for seconds.
    let mut balancer = balance(folder.path(), &for_several(language, &places, port));
    balancer.passes(port).await;

    let caller = stage.dial();
    hears(&caller, GREETING).await;
    let first = owner(&caller, &places);
    says(&caller, "ספרי לי").await;
    hears_some(&caller, Duration::from_millis(900)).await;
    daemons[first].kill();
    hears_any(&caller, &[STORY, BACK]).await;
    assert_eq!(owner(&caller, &places), 1 - first, "the other one has the call");
    ends_well(&stage, &caller).await;
    drop(daemons);
    stage.close().await;
}

/// Whether a daemon behind the balancer takes calls.
async fn is_ready(balancer: &str) -> bool {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let Ok(mut stream) = tokio::net::TcpStream::connect(balancer).await else { return false };
    let request = format!(
        "GET /readyz?for=webhooks HTTP/1.1\r\nHost: {balancer}\r\nConnection: close\r\n\r\n"
    );
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).await.is_ok()
        && stream.read_to_string(&mut answer).await.is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn res_9_a_call_outlives_its_daemon_behind_haproxy_as_the_documentation_sets_it_up() {
    a_call_goes_on_behind("haproxy", "haproxy", haproxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn res_9_a_call_outlives_its_daemon_behind_caddy_as_the_documentation_sets_it_up() {
    a_call_goes_on_behind("caddyfile", "caddy", caddy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_15_a_call_passes_caddy_as_the_documentation_sets_it_up() {
    a_call_goes_through("caddyfile", "caddy", caddy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_15_a_call_passes_nginx_as_the_documentation_sets_it_up() {
    a_call_goes_through("nginx", "nginx", nginx).await;
}
