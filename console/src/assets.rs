//! Style sheets, scripts and pictures, inside the executable.
//!
//! All are below one folder whose name is the hash of them all. So a module finds its neighbours by a relative path,
//! and a browser may keep each file for ever.

use std::fmt::Write as _;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

/// Where the console's addresses begin.
pub const ROOT: &str = "/console";

/// `Cache-Control` of a file below the folder of this build.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// A file as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    pub name: &'static str,
    pub content_type: &'static str,
    pub bytes: &'static [u8],
    /// A strong validator, in its quotes.
    pub etag: String,
}

macro_rules! assets {
    ($($name:literal $content_type:expr),+ $(,)?) => {
        const FILES: &[(&str, &str, &[u8])] =
            &[$(($name, $content_type, include_bytes!(concat!("../assets/", $name)))),+];
    };
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

assets! {
    "base.css" CSS,
    "components.css" CSS,
    "dark.css" CSS,
    "icon.svg" SVG,
    "icons.svg" SVG,
    "pages.css" CSS,
    "dialog.js" JS,
    "forms.js" JS,
    "hours.js" JS,
    "line_worklet.js" JS,
    "live.js" JS,
    "main.js" JS,
    "media_stream.js" JS,
    "mulaw.js" JS,
    "playout.js" JS,
    "resample.js" JS,
    "test_call.js" JS,
    "tokens.css" CSS,
    "week.css" CSS,
}

/// The hash of all files, by which their folder is named.
static FOLDER: LazyLock<String> = LazyLock::new(|| {
    let mut all = Sha256::new();
    for (name, _, bytes) in FILES {
        all.update(name.len().to_be_bytes());
        all.update(name);
        all.update(bytes.len().to_be_bytes());
        all.update(bytes);
    }
    hex(&all.finalize()).chars().take(16).collect()
});

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let asset = |(name, content_type, bytes): &(&'static str, &'static str, &'static [u8])| Asset {
        name,
        content_type,
        bytes,
        etag: format!("\"{}\"", hex(&Sha256::digest(bytes))),
    };
    FILES.iter().map(asset).collect()
});

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing into a `String` can't fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The address of a file.
#[must_use]
pub fn url(name: &str) -> String {
    format!("{ROOT}/assets/{}/{name}", *FOLDER)
}

/// All files.
#[must_use]
pub fn all() -> &'static [Asset] {
    &ASSETS
}

/// The file at this address; `None` for another build's folder too, so that nobody mixes two.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    let name = path.strip_prefix(ROOT)?.strip_prefix("/assets/")?.strip_prefix(FOLDER.as_str())?;
    let name = name.strip_prefix('/')?;
    ASSETS.iter().find(|asset| asset.name == name)
}
