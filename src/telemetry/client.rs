//! The exporter: the protocol is OpenTelemetry's, the connections are ours.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actors::http_client::HttpClient;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient as CollectorClient, HttpError};
use opentelemetry_otlp::{
    Protocol, RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter as _;

use crate::network::Network;

/// How long the collector may take, with connecting.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most that is read of its answer.
const MOST_BODY: usize = 64 * 1024;

/// An exporter to this address. It tries once: a pause of its own would block a thread of the daemon.
pub(super) fn exporter(url: &str, network: &Network) -> Result<SpanExporter, String> {
    let dialer = network.dialer(PATIENCE).map_err(|error| error.to_string())?;
    let http = HttpClient::new(dialer, network.http_connections(), PATIENCE, MOST_BODY);
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Ours(http))
        .with_retry_policy(RetryPolicy::disabled())
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(url)
        .with_timeout(PATIENCE)
        .build()
        .map_err(|error| error.to_string())?;
    let resource = Resource::builder_empty().with_service_name("frontdesk").build();
    exporter.set_resource(&resource);
    Ok(exporter)
}

#[derive(Debug)]
struct Ours(HttpClient);

type Answering<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl CollectorClient for Ours {
    fn send_bytes<'client, 'answer>(&'client self, request: Request<Bytes>) -> Answering<'answer>
    where
        'client: 'answer,
        Self: 'answer,
    {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let mut asking = self.0.request(head.method, &head.uri.to_string()).body(body);
            for (name, value) in &head.headers {
                asking = asking.header(name.as_str(), value.to_str()?);
            }
            let answer = asking.send().await?;
            let mut response = Response::new(answer.body);
            *response.status_mut() = answer.status;
            Ok(response)
        })
    }
}
