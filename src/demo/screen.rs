//! The demo's output: plain lines, or colours and marks for right-to-left text on a terminal.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Unicode's isolates. A terminal that supports them keeps a Hebrew sentence together in an English line.
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');

#[derive(Debug, Clone)]
pub(super) struct Screen {
    color: bool,
    /// What was shown, if it is kept in place of being printed.
    kept: Option<Arc<Mutex<String>>>,
}

impl Screen {
    pub(super) fn new(color: bool) -> Self {
        Self { color, kept: None }
    }

    /// A screen that prints nothing, and what it was given.
    #[cfg(test)]
    pub(super) fn kept() -> (Self, Arc<Mutex<String>>) {
        let kept = Arc::<Mutex<String>>::default();
        (Self { color: false, kept: Some(Arc::clone(&kept)) }, kept)
    }

    /// A screen that shows nothing.
    pub(super) fn silent() -> Self {
        Self { color: false, kept: Some(Arc::default()) }
    }

    pub(super) fn heading(&self, text: &str) -> io::Result<()> {
        self.line(&format!("{}\n", self.paint("1", text)))
    }

    pub(super) fn note(&self, text: &str) -> io::Result<()> {
        self.line(&self.paint("2", text))
    }

    pub(super) fn turn(&self, role: &str, text: &str) -> io::Result<()> {
        let code = match role {
            "caller" | "writes" => "36",
            "agent" | "answer" => "32",
            _ => "33",
        };
        self.line(&format!("{}  {}", self.paint(code, &format!("{role:>7}")), self.isolate(text)))
    }

    /// Several lines under a title.
    pub(super) fn block(&self, title: &str, text: &str) -> io::Result<()> {
        let lines: String = text.lines().map(|line| format!("  {line}\n")).collect();
        self.line(&format!("\n{}\n{lines}", self.paint("2", title)))
    }

    /// A row of the database as columns.
    pub(super) fn row(&self, name: &str, columns: &[(&str, String)]) -> io::Result<()> {
        let columns: Vec<String> = (columns.iter())
            .filter(|(_, value)| !value.is_empty())
            .map(|(column, value)| format!("{column}: {}", self.isolate(value)))
            .collect();
        self.line(&format!("{}  {}", self.paint("1", &format!("{name:>7}")), columns.join("  ")))
    }

    fn line(&self, text: &str) -> io::Result<()> {
        if let Some(kept) = &self.kept {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            *kept += &format!("{text}\n");
            return Ok(());
        }
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn isolate(&self, text: &str) -> String {
        let (open, close) = ISOLATE;
        if self.color { format!("{open}{text}{close}") } else { text.to_owned() }
    }
}
