//! Assets: each that a page names is there, and each that is there is named.

use std::collections::BTreeSet;

use console::shell::Theme;
use console::texts::Locale;
use console::{assets, security};

use crate::document::Document;
use crate::samples;

fn text(name: &str) -> String {
    let asset = assets::all().iter().find(|asset| asset.name == name);
    asset.map(|asset| String::from_utf8_lossy(asset.bytes).into_owned()).unwrap_or_default()
}

#[test]
fn con_1_every_asset_that_a_page_names_is_in_the_executable() {
    let mut named = BTreeSet::new();
    for theme in [Theme::Device, Theme::Dark, Theme::Light] {
        for sample in samples::all(Locale::Hebrew, theme) {
            let page = Document::parse(&sample.page.html(&sample.shell));
            let addresses = page.all("href").chain(page.all("src"));
            for address in addresses.filter(|it| it.starts_with("/console/assets/")) {
                let (path, fragment) = address.split_once('#').unwrap_or((address, ""));
                let asset = assets::find(path).unwrap_or_else(|| panic!("{address}"));
                named.insert(asset.name);
                if !fragment.is_empty() {
                    let id = format!("id=\"{fragment}\"");
                    assert!(text(asset.name).contains(&id), "{address}");
                }
            }
        }
    }
    let modules = assets::all().iter().filter(|it| it.content_type.starts_with("text/javascript"));
    for asset in modules {
        // Modules, and the one that the audio thread runs.
        for reference in ["from './", "new URL('"] {
            let text = text(asset.name);
            for import in text.split(reference).skip(1).filter_map(|it| it.split('\'').next()) {
                let found = assets::all().iter().find(|it| it.name == import);
                named.insert(found.unwrap_or_else(|| panic!("{import}")).name);
            }
        }
    }
    let all: BTreeSet<&str> = assets::all().iter().map(|asset| asset.name).collect();
    assert_eq!(named, all);
}

#[test]
fn con_1_an_asset_has_a_strong_etag_and_is_found_in_its_own_build_only() {
    let etags: BTreeSet<&str> = assets::all().iter().map(|asset| asset.etag.as_str()).collect();
    assert_eq!(etags.len(), assets::all().len());
    assert!(etags.iter().all(|etag| etag.len() == 66 && etag.starts_with('"')));
    let url = assets::url("base.css");
    assert!(assets::find(&url).is_some());
    for wrong in
        ["/console/assets/base.css", "/console/assets/0000000000000000/base.css", "/base.css"]
    {
        assert!(assets::find(wrong).is_none(), "{wrong}");
    }
    let beside = url.replace("base.css", "../../Cargo.toml");
    assert!(assets::find(&beside).is_none());
}

#[test]
fn con_1_the_policy_allows_nothing_inline_and_no_other_host() {
    let policy = security::CONTENT_SECURITY_POLICY;
    assert!(policy.starts_with("default-src 'none';"));
    for forbidden in ["unsafe", "http", "data:", "blob:", "*"] {
        assert!(!policy.contains(forbidden), "{forbidden}");
    }
}

/// Right to left is no second style sheet.
#[test]
fn con_6_the_styles_name_no_left_and_no_right() {
    for name in ["base.css", "components.css", "pages.css", "week.css"] {
        let text = text(name);
        for line in text.lines().filter(|line| !line.trim_start().starts_with("/*")) {
            for word in ["left", "right"] {
                let uses = line.match_indices(word).filter(|(at, _)| {
                    let before = line[..*at].chars().next_back();
                    before.is_none_or(|letter| !letter.is_alphanumeric())
                });
                assert_eq!(uses.count(), 0, "{name}: {line}");
            }
        }
    }
}

/// A colour outside of the tokens would be the same in light and dark.
#[test]
fn con_6_every_colour_is_a_token_and_dark_has_each_of_them() {
    for name in ["base.css", "components.css", "pages.css", "week.css"] {
        let text = text(name);
        let hexes = text
            .split('#')
            .skip(1)
            .filter(|rest| rest.bytes().take_while(u8::is_ascii_hexdigit).count() >= 3);
        assert_eq!(hexes.count(), 0, "{name}");
    }
    let colours = |name: &str| -> BTreeSet<String> {
        let text = text(name);
        let tokens = text.lines().filter_map(|line| line.trim().split_once(": "));
        let colours = tokens.filter(|(key, value)| {
            key.starts_with("--") && (value.contains('#') || value.contains("rgb"))
        });
        colours.map(|(key, _)| key.to_owned()).collect()
    };
    assert_eq!(colours("tokens.css"), colours("dark.css"));
    assert!(colours("dark.css").len() > 20);
}
