//! Every page with made-up data, on localhost: `cargo run -p console --example gallery`.
//!
//! `/` lists them. The address of a page is `/LANGUAGE/THEME/NAME`, as in `/he/dark/today`.

// As the tests include it: its modules are beside it.
#[path = "samples.rs"]
mod samples;

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

use console::shell::Theme;
use console::texts::Locale;
use console::{assets, security};

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let listener = TcpListener::bind(&address)?;
    eprintln!("the gallery is at http://{}/", listener.local_addr()?);
    // Event streams stay open.
    let mut streams = Vec::new();
    for stream in listener.incoming() {
        // Browsers open connections that they do not use: their errors are nobody's business.
        streams.extend(stream.and_then(answer).ok().flatten());
    }
    Ok(())
}

/// Answers one request; the stream, if events could follow.
fn answer(stream: TcpStream) -> std::io::Result<Option<TcpStream>> {
    stream.set_read_timeout(Some(std::time::Duration::from_millis(500)))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let target = line.split(' ').nth(1).unwrap_or("/").to_owned();
    // The rest of the request is read, so that closing does not reset the connection.
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let path = target.split('?').next().unwrap_or("/");
    let mut stream = reader.into_inner();
    if path == samples::EVENTS {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n:\n\n")?;
        return Ok(Some(stream));
    }
    if let Some(asset) = assets::find(path) {
        return reply(&mut stream, asset.content_type, asset.bytes).map(|()| None);
    }
    let found = page(path).unwrap_or_else(index);
    reply(&mut stream, "text/html; charset=utf-8", found.as_bytes()).map(|()| None)
}

fn reply(stream: &mut TcpStream, content_type: &str, body: &[u8]) -> std::io::Result<()> {
    let mut head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\nconnection: close\r\n");
    for (name, value) in security::HEADERS {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "content-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

fn page(path: &str) -> Option<String> {
    let mut parts = path.trim_start_matches('/').split('/');
    let locale = Locale::of_tag(parts.next()?)?;
    let theme = Theme::of_word(parts.next()?)?;
    let name = parts.next()?;
    let sample = samples::all(locale, theme).into_iter().find(|sample| sample.name == name)?;
    Some(sample.page.html(&sample.shell))
}

fn index() -> String {
    let mut out =
        "<!doctype html><html lang=\"en\"><title>Gallery</title><h1>Gallery</h1><ul>".to_owned();
    for sample in samples::all(Locale::English, Theme::Device) {
        let name = sample.name;
        let _ = write!(out, "<li>{name}: ");
        for at in ["he/light", "he/dark", "en/light", "en/dark"] {
            let _ = write!(out, "<a href=\"/{at}/{name}\">{at}</a> ");
        }
    }
    out + "</ul></html>"
}
