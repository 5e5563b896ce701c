mod messaging;

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::dialer::{TcpDialer, tls_config};

const NOT_IN_PROGRESS: &str =
    r#"{"code":21220,"message":"Call is not in-progress. Cannot redirect.","status":400}"#;
const GONE: &str =
    r#"{"code":20404,"message":"The requested resource was not found","status":404}"#;

fn call() -> CallSid {
    CallSid::parse("CA0000000000000000000000000000000c").unwrap()
}

/// A server that answers one request after another from a script, and keeps what was asked. It
/// repeats its last answer.
struct Twilio {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Twilio {
    async fn answering(script: Vec<(u16, &'static str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let asked = Arc::clone(&requests);
        tokio::spawn(async move {
            let mut script = script.into_iter();
            let mut last = script.next().unwrap();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                asked.lock().unwrap().push(request);
                let (status, body) = last;
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                // A client that has read enough may be gone.
                drop(stream.write_all(answer.as_bytes()).await);
                last = script.next().unwrap_or(last);
            }
        });
        Self { url, requests }
    }

    fn client(&self) -> TwilioRest {
        let account = AccountSid::parse("AC0000000000000000000000000000000a").unwrap();
        let tls = tls_config().unwrap();
        let dialer = Arc::new(TcpDialer::new(tls, Duration::from_secs(5)));
        let (url, chance) = (format!("{}/", self.url), Chance::seeded(1));
        let kept = Connections::Kept;
        TwilioRest::new(dialer, kept, &url, account, "the-token".into(), chance)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(request).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    head + &String::from_utf8(body).unwrap()
}

#[tokio::test]
async fn call_6_hanging_up_completes_the_calls_resource() {
    let twilio = Twilio::answering(vec![(200, "{}")]).await;
    assert_eq!(twilio.client().hang_up(&call()).await, Ok(Answer::Done));

    let [request] = twilio.requests().try_into().unwrap();
    let path = "/2010-04-01/accounts/ac0000000000000000000000000000000a\
                /calls/ca0000000000000000000000000000000c.json";
    assert!(request.starts_with(&format!("post {path} http/1.1\r\n")), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded\r\n"));
    assert!(request.contains("authorization: basic "));
    assert!(request.ends_with("\r\n\r\nStatus=completed"));
}

#[tokio::test]
async fn res_3_an_apologys_document_is_sent_form_encoded() {
    let twilio = Twilio::answering(vec![(200, "{}")]).await;
    let twiml = "<Response><Hangup/></Response>";
    assert_eq!(twilio.client().redirect(&call(), twiml).await, Ok(Answer::Done));
    let body = "\r\n\r\nTwiml=%3CResponse%3E%3CHangup%2F%3E%3C%2FResponse%3E";
    assert!(twilio.requests()[0].ends_with(body));
}

#[tokio::test]
async fn call_6_a_request_is_retried_while_twilio_is_overloaded_or_failing() {
    let script = vec![(429, ""), (503, "<html>"), (200, "{}")];
    let twilio = Twilio::answering(script).await;
    assert_eq!(twilio.client().hang_up(&call()).await, Ok(Answer::Done));
    assert_eq!(twilio.requests().len(), 3);
}

#[tokio::test]
async fn call_6_a_call_that_is_not_in_progress_needs_no_hang_up() {
    for (status, body) in [(400, NOT_IN_PROGRESS), (404, GONE)] {
        let twilio = Twilio::answering(vec![(status, body)]).await;
        assert_eq!(twilio.client().hang_up(&call()).await, Ok(Answer::NotInProgress));
        assert_eq!(twilio.requests().len(), 1);
    }
}

fn refused(http_status: u16, body: &str) -> Result<Answer, TwilioFault> {
    Err(TwilioFault::Refused(RestError::read(http_status, body)))
}

#[tokio::test]
async fn call_6_wrong_credentials_and_refusals_are_not_tried_again() {
    let body = r#"{"code":20003}"#;
    let twilio = Twilio::answering(vec![(401, body)]).await;
    assert_eq!(twilio.client().hang_up(&call()).await, refused(401, body));
    assert_eq!(twilio.requests().len(), 1);

    let body = r#"{"code":21218,"message":"Invalid Twiml"}"#;
    let twilio = Twilio::answering(vec![(400, body)]).await;
    assert_eq!(twilio.client().redirect(&call(), "<").await, refused(400, body));
    assert_eq!(twilio.requests().len(), 1);
}

#[tokio::test]
async fn call_6_a_404_that_is_not_from_twilios_api_is_no_hang_up() {
    let body = "<html>no such page</html>";
    let twilio = Twilio::answering(vec![(404, body)]).await;
    assert_eq!(twilio.client().hang_up(&call()).await, refused(404, body));
}

#[tokio::test]
async fn ops_6_an_endless_answer_is_read_up_to_the_limit() {
    let endless: &'static str = Box::leak("x".repeat(4 * MAX_BODY_BYTES).into_boxed_str());
    let twilio = Twilio::answering(vec![(400, endless)]).await;
    let account = twilio.client();
    assert_eq!(account.hang_up(&call()).await, refused(400, endless));
    let answer = account.http.post(&twilio.url).form(&[("a", "b")]).send().await.unwrap();
    assert_eq!(answer.body.len(), MAX_BODY_BYTES);
}

#[tokio::test]
async fn ops_6_the_token_is_never_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let account = Twilio { url: url.clone(), requests: Arc::default() }.client();
    let Err(Attempt::Again(why)) = account.attempt(&call(), &url, [("Status", "completed")]).await
    else {
        panic!("nobody listens")
    };
    let shown = format!("{account:?} {why}");
    assert!(!shown.contains("the-token") && !why.contains(&url), "{shown}");
}

#[test]
fn call_6_pauses_are_a_random_part_of_a_growing_maximum() {
    let longest: Vec<_> = full_jitter(|| 1.0).map(|delay| delay.as_millis()).take(7).collect();
    assert_eq!(longest, [250, 500, 1000, 2000, 4000, 4000, 4000]);
    assert!(full_jitter(|| 0.0).all(|delay| delay.is_zero()));
    assert_eq!(full_jitter(|| 0.5).next(), Some(Duration::from_millis(125)));
}

#[tokio::test]
async fn the_pauses_of_a_client_come_from_its_chance() {
    let twilio = Twilio::answering(vec![(200, "{}")]).await;
    let pauses = |seed| {
        let client = TwilioRest { chance: Chance::seeded(seed), ..twilio.client() };
        [client.pauses(), client.pauses()].map(|pauses| pauses.take(7).collect::<Vec<_>>())
    };
    assert_eq!(pauses(1), pauses(1));
    let [first, second] = pauses(1);
    assert_ne!(first, second);
    assert_ne!(pauses(1), pauses(2));
}
