//! The simulated Realtime API alone, on a free port of loopback: for a daemon with `openai.provider = "openai"`, whose
//! `openai.realtime_url` is the address that this prints.

use std::io::{self, Write as _};

use practice::openai::{Options, Server};

#[tokio::main]
async fn main() -> io::Result<()> {
    let server = Server::on_loopback(Options::default()).await?;
    writeln!(io::stdout(), "{}", server.url())?;
    tokio::signal::ctrl_c().await
}
