//! The client against a server that answers from a list.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::transport::TcpDialer;

const LIMITS: Timeouts =
    Timeouts { connect: Duration::from_secs(5), total: Duration::from_secs(5) };

/// Answers one connection after another with these bytes. Returns the requests as they came.
async fn served(answers: Vec<String>) -> (String, JoinSet<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = tcp.read(&mut request).await.unwrap();
            requests.push(String::from_utf8_lossy(&request[..read]).into_owned());
            tcp.write_all(answer.as_bytes()).await.unwrap();
        }
        requests
    });
    (format!("http://{address}"), serving)
}

fn client() -> Client {
    Client::new(Arc::new(TcpDialer))
}

fn redirect(status: &str, to: &str) -> String {
    format!("HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn post(base: &str) -> Request {
    let request = Request::new(Method::POST, &format!("{base}/first?a=1#fragment")).unwrap();
    request.header(CONTENT_TYPE, "text/plain").unwrap().body("hello")
}

#[tokio::test]
async fn a_post_that_is_redirected_by_302_becomes_a_get_and_by_307_stays_one() {
    for (status, line, body) in
        [("302 Found", "GET /second HTTP/1.1", ""), ("307 Moved", "POST /second HTTP/1.1", "hello")]
    {
        let (base, mut serving) = served(vec![redirect(status, "/second"), ok("done")]).await;
        let response = client().send(post(&base), LIMITS).await.unwrap();
        assert_eq!((response.status, &response.body[..]), (StatusCode::OK, &b"done"[..]));
        assert_eq!(response.url.as_str(), format!("{base}/second"));
        let requests = serving.join_next().await.unwrap().unwrap();
        assert!(requests[0].starts_with("POST /first?a=1 HTTP/1.1"), "{}", requests[0]);
        assert!(requests[1].starts_with(line) && requests[1].ends_with(body), "{}", requests[1]);
        assert_eq!(requests[1].contains("text/plain"), !body.is_empty());
    }
}

#[tokio::test]
async fn after_ten_redirects_no_more_are_followed() {
    let (base, _serving) = served(vec![redirect("302 Found", "/again"); 11]).await;
    let error = client().send(post(&base), LIMITS).await.unwrap_err();
    assert!(matches!(error, HttpError::Redirects), "{error}");
}

#[tokio::test]
async fn a_refused_connection_a_late_answer_and_an_address_of_another_kind_are_told_apart() {
    let (base, serving) = served(vec![]).await;
    drop(serving);
    tokio::task::yield_now().await;
    let error = client().send(post(&base), LIMITS).await.unwrap_err();
    assert!(matches!(error, HttpError::Connect(_)), "{error}");

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let request = post(&format!("http://{}", silent.local_addr().unwrap()));
    let limits = Timeouts { total: Duration::from_millis(50), ..LIMITS };
    let error = client().send(request, limits).await.unwrap_err();
    assert!(matches!(error, HttpError::Timeout(_)), "{error}");

    for url in ["not a url", "ftp://host/", "data:text/plain,x"] {
        let error = Request::new(Method::GET, url).unwrap_err();
        assert!(matches!(error, HttpError::Url(_)), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_no_connection_for_https() {
    let (base, _serving) = served(vec![ok("plain")]).await;
    let request = Request::new(Method::GET, &base.replace("http:", "https:")).unwrap();
    let error = client().send(request, LIMITS).await.unwrap_err();
    assert!(matches!(error, HttpError::Connect(_)), "{error}");
}

#[test]
fn a_user_in_the_address_becomes_basic_authentication_and_stays_with_its_host() {
    let request = Request::new(Method::GET, "http://user:secret@host:81/a").unwrap();
    assert_eq!(request.headers[AUTHORIZATION], "Basic dXNlcjpzZWNyZXQ=");
    let answer = |location: &'static str| Response {
        status: StatusCode::FOUND,
        headers: HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]),
        body: Bytes::new(),
        url: request.url.clone(),
    };
    assert!(request.redirected(&answer("/b")).unwrap().headers.contains_key(AUTHORIZATION));
    let elsewhere = request.redirected(&answer("http://other/b")).unwrap();
    assert!(!elsewhere.headers.contains_key(AUTHORIZATION));
}
