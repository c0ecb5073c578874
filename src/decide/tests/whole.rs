//! Three typical requests with everything the shell is told to do about them.

use super::scene::*;
use crate::decide::{Edge, Request};

const FILES: &[(&str, u64, bool)] = &[("/index.html", 3, true), ("/main-4f3a2b1c.js", 2, false)];

/// The text of the instruction, with empty fields made visible.
fn text(edge: &mut Edge, request: &Request<'_>) -> String {
    let mut text = String::new();
    decided(edge, request, 0).render(&mut text);
    let shown = |field: &str| if field.is_empty() { "(empty)".to_owned() } else { field.to_owned() };
    let lines = text.split('\n').map(|line| line.split('\t').map(shown).collect::<Vec<_>>().join(" ¦ "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_first_page_of_a_new_visitor() {
    let mut edge = edge(listed(ramp(10_000), FILES));
    insta::assert_snapshot!(text(&mut edge, &page("https://shop.example/?utm=1")), @r#"
    Cghnirt ¦ 3000 ¦ 12 ¦ halftone ¦ Cookie ¦ private, no-cache ¦ 37
    __Host-halftone=1:r80dezmoIOL0Zbmhap54bg:tlqo00:tlqo00:v2:vkcxsp:|||c1/dl0bgm/7ps/0:MzfONCph-Ghsf9jLzZgYMg; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax; Secure
    (empty)
    (empty)
    1~mubwqo00~r80dezmoIOL0Zbmhap54bg~vkcxsp~dcn~~v2~1~7ps~0~~JMwTp_HdRedpDuvi4LmYOg
    - shop 1908647449 2 30
    page mubwqo00r80dezmo r80dezmoIOL0Zbmhap54bg drawn|c|v2|1|-|10000|0 32 aqPI9WVQ__w
    a ¦ (empty) ¦ /v2 ¦ (empty) ¦ v2 ¦ canary ¦ (empty) ¦ (empty)
    https://assets.local/v2/index.html
    (empty)
    "#);
}

#[test]
fn a_script_of_that_page() {
    let mut edge = edge(listed(ramp(10_000), FILES));
    let cookies = pair(&carried(&mut edge, &page("https://shop.example/")).personal.set_cookie);
    let request = Request { cookies: &cookies, if_none_match: "\"abc\"", ..script("https://shop.example/main-4f3a2b1c.js") };
    insta::assert_snapshot!(text(&mut edge, &request), @r#"
    Ch ¦ 3000 ¦ 12 ¦ halftone ¦ (empty) ¦ public, max-age=31536000, immutable ¦ (empty)
    (empty)
    (empty)
    (empty)
    (empty)
    - shop 1908647449 2 30
    proof r80dezmoIOL0Zbmhap54bg
    a ¦ (empty) ¦ /v2 ¦ (empty) ¦ v2 ¦ page ¦ (empty) ¦ (empty)
    https://assets.local/v2/main-4f3a2b1c.js
    "abc"
    "#);
}

#[test]
fn a_preview_link_that_is_followed() {
    let token = crate::preview::mint(&keys(), "shop", "shop.example", "v2", NOW_MS / 1000 + 3600);
    let url = format!("https://shop.example/about?halftone-preview={token}");
    insta::assert_snapshot!(text(&mut edge(ramp(0)), &page(&url)), @r#"
    A
    303
    3
    location
    /about
    cache-control
    no-store
    set-cookie
    __Host-halftone-preview=v2~tlqqs0~EvFWbOCBc7nX0eDrjJqzWw; Path=/; HttpOnly; SameSite=Lax; Secure
    (empty)
    "#);
}
