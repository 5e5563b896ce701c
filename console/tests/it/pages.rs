//! What holds for every page.

use std::collections::BTreeSet;

use console::shell::{Role, Theme};
use console::texts::Locale;

use crate::document::{Document, Element};
use crate::samples;

/// Calls `check` with each page in each language.
fn each(check: impl Fn(&str, &str, &Document)) {
    for locale in [Locale::Hebrew, Locale::English] {
        let samples = samples::all(locale, Theme::Device);
        assert!(samples.len() > 60, "only {} pages", samples.len());
        for sample in samples {
            let html = sample.page.html(&sample.shell);
            let name = format!("{}/{}", locale.tag(), sample.name);
            check(&name, &html, &Document::parse(&html));
        }
    }
}

#[test]
fn con_6_every_page_is_valid_html_in_its_language_and_direction() {
    each(|name, _, page| {
        assert_eq!(page.errors, Vec::<String>::new(), "{name}");
        let root = page.named("html").next().unwrap();
        let wanted = if name.starts_with("he/") { ("he", "rtl") } else { ("en", "ltr") };
        assert_eq!((root.get("lang"), root.get("dir")), (Some(wanted.0), Some(wanted.1)), "{name}");
        let title = &page.named("title").next().unwrap().text;
        assert!(
            title.ends_with(" · Frontdesk") && title.len() > " · Frontdesk".len(),
            "{name}: {title}"
        );
        assert_eq!(page.named("h1").count(), 1, "{name}");
        assert_eq!(page.named("main").count(), 1, "{name}");
    });
}

#[test]
fn con_6_no_text_is_missing() {
    each(|name, html, _| {
        let missing: Vec<&str> =
            html.split('⟦').skip(1).filter_map(|it| it.split('⟧').next()).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    });
}

/// The policy in the header would block it, and the page would be broken.
#[test]
fn con_1_no_page_has_a_script_or_a_style_of_its_own_or_asks_another_host() {
    each(|name, _, page| {
        for element in &page.elements {
            assert_ne!(element.name, "style", "{name}");
            assert!(element.name != "script" || element.text.trim().is_empty(), "{name}");
            for (key, value) in &element.attributes {
                assert!(key != "style" && !key.starts_with("on"), "{name}: {key}={value}");
                if matches!(
                    key.as_str(),
                    "src" | "href" | "action" | "formaction" | "poster" | "data"
                ) {
                    let ours =
                        ["/console/", "#", "?", "tel:+"].iter().any(|it| value.starts_with(it));
                    assert!(ours && !value.starts_with("//"), "{name}: {key}={value}");
                }
            }
        }
    });
}

#[test]
fn con_1_what_a_caller_says_is_text_and_nothing_else() {
    let mut seen = 0;
    each(|_, html, page| {
        assert!(!html.contains("<script>alert") && !html.contains("<img src=x"));
        assert_eq!(page.named("script").count(), 1);
        assert!(page.named("img").next().is_none() && page.named("b").next().is_none());
    });
    for sample in samples::all(Locale::English, Theme::Device) {
        if sample.name == "call-attack" {
            let page = Document::parse(&sample.page.html(&sample.shell));
            let words =
                page.named("p").any(|it| it.text.contains("<script>alert(\"2\")</script> & 'x'"));
            let name = page.named("h1").any(|it| it.text.contains("<script>alert(1)</script>"));
            assert!(words && name);
            seen += 1;
        }
    }
    assert_eq!(seen, 1);
}

#[test]
fn con_2_every_form_that_changes_something_has_its_token() {
    each(|name, html, page| {
        let forms = page.named("form").filter(|form| form.get("method") == Some("post")).count();
        let tokens = page.named("input").filter(|input| input.get("name") == Some("csrf")).count();
        assert_eq!(forms, tokens, "{name}");
        assert!(
            html.contains("method=\"post\""),
            "{name}: the language can be switched on every page"
        );
        let has_method = |form: &Element| {
            matches!(form.get("method"), Some("post" | "get")) || name.ends_with("style-guide")
        };
        assert!(page.named("form").all(has_method), "{name}");
    });
}

#[test]
fn con_2_a_viewer_is_offered_nothing_that_writes() {
    let harmless = ["/console/preferences", "/console/sign-out"];
    let mut pages = 0;
    for sample in samples::all(Locale::English, Theme::Device) {
        let role = sample.shell.user.as_ref().map(|user| user.role);
        if role != Some(Role::Viewer) {
            continue;
        }
        pages += 1;
        let page = Document::parse(&sample.page.html(&sample.shell));
        let posts = page.named("form").filter(|form| form.get("method") == Some("post"));
        for form in posts {
            let action = form.get("action").unwrap_or_default();
            let is_locked = sample.name == "settings-viewer"
                && page.named("button").all(|it| {
                    it.get("type").is_some()
                        || it.get("name").is_some()
                        || it.text.contains("Sign out")
                });
            assert!(harmless.contains(&action) || is_locked, "{}: {action}", sample.name);
        }
    }
    assert!(pages >= 4);
}

#[test]
fn con_6_every_control_has_a_name_and_every_reference_its_target() {
    each(|name, _, page| {
        let ids: Vec<&str> = page.all("id").collect();
        let known: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), known.len(), "{name}: an id is there twice");
        for attribute in ["for", "aria-labelledby", "aria-describedby"] {
            for target in page.all(attribute).flat_map(str::split_whitespace) {
                assert!(known.contains(target), "{name}: {attribute}={target}");
            }
        }
        let anchors = page.named("a").filter_map(|it| it.get("href")?.strip_prefix('#'));
        anchors.for_each(|target| assert!(known.contains(target), "{name}: #{target}"));
        let labelled: BTreeSet<&str> = page.named("label").filter_map(|it| it.get("for")).collect();
        for control in page
            .elements
            .iter()
            .filter(|it| ["input", "select", "textarea"].contains(&it.name.as_str()))
        {
            let has_label = control.get("id").is_some_and(|id| labelled.contains(id))
                || control.get("aria-label").is_some();
            assert!(control.get("type") == Some("hidden") || has_label, "{name}: {control:?}");
        }
        for element in page.named("button").chain(page.named("a")) {
            assert!(!element.text.trim().is_empty(), "{name}: {element:?}");
        }
    });
}

/// In a Hebrew line, a number that is not isolated stands in the wrong order.
#[test]
fn con_6_telephone_numbers_and_codes_are_isolated_from_the_text_around_them() {
    let count = std::cell::Cell::new(0);
    each(|name, _, page| {
        for element in page
            .elements
            .iter()
            .filter(|it| ["bdi", "code", "pre", "input", "textarea"].contains(&it.name.as_str()))
        {
            if element.text.starts_with("+972 ") {
                assert_eq!(element.get("dir"), Some("ltr"), "{name}: {}", element.text);
                count.set(count.get() + 1);
            }
        }
        let with_number =
            page.elements.iter().filter(|it| it.text.contains("+972 5") && it.name == "p");
        for paragraph in with_number {
            let inner = page
                .elements
                .iter()
                .any(|it| it.name == "bdi" && paragraph.text.contains(&it.text));
            assert!(inner, "{name}: {}", paragraph.text);
        }
        for time in page.named("time") {
            assert!(time.get("datetime").is_some(), "{name}");
        }
    });
    assert!(count.get() > 50, "only {}", count.get());
}
