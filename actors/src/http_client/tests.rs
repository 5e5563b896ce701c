use std::sync::Mutex;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;

use super::*;
use crate::dialer::{ByteStream, Dialing, TcpDialer};

/// A server in memory. It answers each request with the same bytes and keeps what it was sent.
#[derive(Default)]
struct Server {
    answer: String,
    dialed: Mutex<usize>,
    /// Each open connection holds one.
    open: Arc<()>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn answering(status: &str, body: &str) -> Arc<Self> {
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}");
        Arc::new(Self { answer, ..Self::default() })
    }

    fn client(self: &Arc<Self>) -> HttpClient {
        self.client_with(Connections::Kept)
    }

    fn client_with(self: &Arc<Self>, connections: Connections) -> HttpClient {
        let dialer = Arc::clone(self) as Arc<dyn Dialer>;
        HttpClient::new(dialer, connections, Duration::from_secs(10), 1024)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Dialer for Server {
    fn dial(&self, _: http::Uri) -> Dialing {
        *self.dialed.lock().unwrap() += 1;
        let (ours, theirs) = duplex(4096);
        let (answer, requests) = (self.answer.clone(), Arc::clone(&self.requests));
        let open = Arc::clone(&self.open);
        tokio::spawn(async move {
            serve(theirs, answer, requests).await;
            drop(open);
        });
        Box::pin(async { Ok(ByteStream::new(ours)) })
    }
}

async fn serve(mut stream: DuplexStream, answer: String, requests: Arc<Mutex<Vec<String>>>) {
    let mut buffer = [0; 4096];
    // Requests this short come in one piece each.
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        requests.lock().unwrap().push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        if answer.is_empty() || stream.write_all(answer.as_bytes()).await.is_err() {
            break;
        }
    }
    // An empty answer keeps the client waiting.
    if answer.is_empty() {
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let server = Server::answering("200 OK", "hello");
    let http = server.client();
    for _ in 0..3 {
        let answer = http.get("http://server/a?b=c").send().await.unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "hello"));
        // The connection goes back once its task has seen the end of the answer.
        tokio::task::yield_now().await;
    }
    assert_eq!(*server.dialed.lock().unwrap(), 1);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests[0].starts_with("GET /a?b=c HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].contains("\r\nhost: server\r\n"), "{}", requests[0]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_not_kept_is_closed_after_the_answer() {
    let server = Server::answering("200 OK", "hello");
    let http = server.client_with(Connections::Closed);
    for _ in 0..3 {
        http.get("http://server/").send().await.unwrap();
        // Time moves when nothing is left to do.
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(Arc::strong_count(&server.open), 1);
    }
    assert_eq!(*server.dialed.lock().unwrap(), 3);
}

#[tokio::test]
async fn forms_json_and_credentials_are_sent_as_servers_read_them() {
    let server = Server::answering("204 No Content", "");
    let http = server.client();
    let form = [("To", "+1 2"), ("Text", "שלום&")];
    http.post("http://server/").form(&form).basic_auth("user", "word").send().await.unwrap();
    http.post("http://server/").json(&json!({ "a": 1 })).bearer_auth("key").send().await.unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("\r\nauthorization: Basic dXNlcjp3b3Jk\r\n"), "{}", requests[0]);
    assert!(requests[0].contains("\r\ncontent-type: application/x-www-form-urlencoded\r\n"));
    assert!(requests[0].ends_with("\r\n\r\nTo=%2B1+2&Text=%D7%A9%D7%9C%D7%95%D7%9D%26"));
    assert!(requests[1].contains("\r\nauthorization: Bearer key\r\n"), "{}", requests[1]);
    assert!(requests[1].ends_with("\r\n\r\n{\"a\":1}"), "{}", requests[1]);
    let url = with_query("http://server/x", &[("To", "+1"), ("PageSize", "20")]);
    assert_eq!(url, "http://server/x?To=%2B1&PageSize=20");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let server = Server::answering("302 Found\r\nLocation: http://elsewhere/", "");
    let answer = server.client().get("http://server/").send().await.unwrap();
    assert_eq!(answer.status, StatusCode::FOUND);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_body_is_read_up_to_the_limit() {
    let server = Server::answering("200 OK", &"x".repeat(3000));
    let answer = server.client().get("http://server/").send().await.unwrap();
    assert_eq!(answer.body.len(), 1024);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_may_have_seen_the_request() {
    let server = Arc::new(Server::default());
    let error = server.client().get("http://server/").send().await.unwrap_err();
    assert!(error.is_timeout() && !error.was_never_sent(), "{error:?}");
    assert_eq!(error.to_string(), "no answer within 10s");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_request_without_a_connection_was_never_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret-path", listener.local_addr().unwrap());
    drop(listener);
    let second = Duration::from_secs(1);
    let dialer = Arc::new(TcpDialer::without_tls(second));
    let http = HttpClient::new(dialer, Connections::Kept, second, 1024);
    let error = http.get(&url).send().await.unwrap_err();
    assert!(error.was_never_sent() && !error.is_timeout(), "{error:?}");
    assert!(error.innermost().starts_with("Connection refused"), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret-path"), "{error:?}");
    let error = http.get("https://127.0.0.1:1/").send().await.unwrap_err();
    assert!(error.was_never_sent(), "{error:?}");
}

#[tokio::test]
async fn a_malformed_request_was_never_sent() {
    let http = Server::answering("200 OK", "").client();
    let no_host = http.get("/path").send().await.unwrap_err();
    let no_address = http.get("http://a b/").send().await.unwrap_err();
    let no_header = http.get("http://server/").bearer_auth("line\nbreak").send().await.unwrap_err();
    for error in [no_host, no_address, no_header] {
        assert!(error.was_never_sent() && !error.to_string().contains("break"), "{error:?}");
    }
}

/// Answers one request of each connection, and reads the second without an answer.
struct Flaky(Mutex<usize>, Arc<Mutex<Vec<String>>>);

impl Dialer for Flaky {
    fn dial(&self, _: http::Uri) -> Dialing {
        *self.0.lock().unwrap() += 1;
        let (ours, mut theirs) = duplex(4096);
        let requests = Arc::clone(&self.1);
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            for answer in ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""] {
                let length = theirs.read(&mut buffer).await.unwrap_or_default();
                let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                requests.lock().unwrap().push(request);
                theirs.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Box::pin(async { Ok(ByteStream::new(ours)) })
    }
}

#[tokio::test]
async fn a_request_on_a_kept_connection_that_closes_is_not_sent_again() {
    let server = Arc::new(Flaky(Mutex::default(), Arc::default()));
    let dialer = Arc::clone(&server) as Arc<dyn Dialer>;
    let http = HttpClient::new(dialer, Connections::Kept, Duration::from_secs(10), 1024);
    http.post("http://server/first").send().await.unwrap();
    tokio::task::yield_now().await;
    let error = http.post("http://server/second").send().await.unwrap_err();
    assert!(!error.was_never_sent(), "the server has seen it: {error:?}");
    assert_eq!((*server.0.lock().unwrap(), server.1.lock().unwrap().len()), (1, 2));
}
