//! Prints `docs/businesses.md`: `cargo run -q -p console --example business-keys > docs/businesses.md`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(console::settings::reference::page().as_bytes())
}
