//! The page script's tag, put into the pages of a build once, when it is uploaded.
//!
//! What the edge would put into a page as it passes is put into the file instead, so that its body needs no rewriter on the
//! way. Only into whole pages, and only where the page's own policy lets the script run and speak without a nonce; every
//! other page stays as it is, and the edge does with it what it does with pages of other origins.

use std::cell::{Cell, RefCell};

use lol_html::html_content::ContentType;
use lol_html::{HtmlRewriter, Settings, doctype, element};

use super::manifest::Left;
use crate::beacon::policy::{Script, judge};

/// Put inline before the page script: keeps what breaks before that script is there. A test holds it equal to the edge's.
const EARLY: &str = r#"(w=>{if(w.__halftone)return;let q=w.__halftone=[];for(let n of["error","unhandledrejection"])addEventListener(n,e=>q.length<50&&q.push(e),true)})(window)"#;

/// No page has this address: policies that name hosts are left to the edge, which knows where a page is.
const NOWHERE: &str = "https://page.invalid";

/// The tag of a site's page script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Where the Worker's own addresses begin: `/_halftone`.
    pub prefix: String,
}

impl Tag {
    /// The page with the tag first in its head. The same page always becomes the same bytes.
    pub fn put_into(&self, page: &[u8]) -> Result<Vec<u8>, Left> {
        let html = format!("<script>{EARLY}</script><script async src=\"{}/page.js\"></script>", self.prefix);
        let (is_whole, is_put, is_drawn) = (Cell::new(false), Cell::new(false), Cell::new(false));
        let policies = RefCell::new(Vec::new());
        let mut out = Vec::with_capacity(page.len() + html.len());
        let settings = Settings::new()
            .append_document_content_handler(doctype!(|_| {
                is_whole.set(true);
                Ok(())
            }))
            .append_element_content_handler(element!("html, head", |_| {
                is_whole.set(true);
                Ok(())
            }))
            .append_element_content_handler(element!("head, body", |at| {
                if !is_put.replace(true) {
                    at.prepend(&html, ContentType::Html);
                }
                Ok(())
            }))
            .append_element_content_handler(element!("svg", |_| {
                is_drawn.set(true);
                Ok(())
            }))
            .append_element_content_handler(element!("title", |at| {
                // Drawings have titles too.
                if !is_drawn.get() && !is_put.replace(true) {
                    at.before(&html, ContentType::Html);
                }
                Ok(())
            }))
            .append_element_content_handler(element!("meta[http-equiv='content-security-policy' i]", |meta| {
                policies.borrow_mut().push(meta.get_attribute("content").unwrap_or_default());
                Ok(())
            }));
        let mut rewriter = HtmlRewriter::new(settings, |chunk: &[u8]| out.extend_from_slice(chunk));
        rewriter.write(page).and_then(|()| rewriter.end()).map_err(|_| Left::NoPage)?;
        if !is_whole.get() || !is_put.get() {
            return Err(Left::NoPage);
        }
        if policies.borrow().iter().all(|policy| self.is_let_by(policy)) { Ok(out) } else { Err(Left::Policy) }
    }

    /// Whether a policy inside a page lets the script run and speak. It comes behind the tag, but its beacons behind it.
    fn is_let_by(&self, policy: &str) -> bool {
        let text = policy.replace("&apos;", "'").replace("&#39;", "'").replace("&#x27;", "'");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let verdict = judge([text.as_str()], NOWHERE, &self.prefix);
        verdict.script == Script::Allowed { nonce: None } && verdict.connect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(page: &str) -> Result<String, Left> {
        let tag = Tag { prefix: "/_halftone".to_owned() };
        tag.put_into(page.as_bytes()).map(|page| String::from_utf8(page).unwrap().replace(EARLY, "EARLY"))
    }

    const HERE: &str = r#"<script>EARLY</script><script async src="/_halftone/page.js"></script>"#;

    #[test]
    fn the_tag_comes_first_in_the_head_and_the_rest_stays_as_it_is() {
        for page in [
            "<!doctype html><html lang=en><head>HERE<meta charset=utf-8><title>ü</title></head><body>&amp; <p>a</body></html>",
            "<!DOCTYPE html>\n<head >HERE\n<script>throw 1</script>",
            "<!doctype html>HERE<title>no head</title><h1>x</h1><head></head>",
            "<html><body class='a'>HERE<svg><title>x</title></svg>",
            "<!doctype html><svg><title>of a drawing</title></svg><body>HERE",
            "<!-- <head> --><!doctype html><head>HERE<style>head > p {}</style>",
        ] {
            let before = page.replace("HERE", "");
            assert_eq!(put(&before).unwrap(), page.replace("HERE", HERE));
        }
    }

    #[test]
    fn parts_of_pages_stay_as_they_are() {
        for page in ["<li>one</li>", "", "<title>a part</title>", "<body>a part", "<!doctype html><p>no place for it"] {
            assert_eq!(put(page), Err(Left::NoPage), "{page}");
        }
        let tag = Tag { prefix: "/_halftone".to_owned() };
        let utf16: Vec<u8> = "\u{feff}<!doctype html><head></head>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(tag.put_into(&utf16), Err(Left::NoPage));
        let latin = b"<!doctype html><head><title>\xe9\xff</title>";
        assert!(tag.put_into(latin).unwrap().ends_with(b"<title>\xe9\xff</title>"));
    }

    #[test]
    fn a_page_whose_policy_lets_the_script_run_and_speak_gets_it() {
        let page = |policy: &str| {
            put(&format!("<!doctype html><head><meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\"></head>"))
        };
        for policy in ["default-src 'self'", "script-src\n &#39;self&#39;", "img-src 'none'", "script-src * 'unsafe-inline'"] {
            assert!(page(policy).is_ok(), "{policy}");
        }
        for policy in [
            "default-src 'none'",
            "connect-src 'none'",
            "script-src 'nonce-abc' 'strict-dynamic'",
            "script-src https://shop.example",
            "script-src 'self'; connect-src https://api.example",
        ] {
            assert_eq!(page(policy), Err(Left::Policy), "{policy}");
        }
    }

    #[test]
    fn the_early_stub_is_the_one_the_edge_puts_in() {
        let edge = include_str!("../edge/early.mjs");
        assert!(edge.contains(&format!("'{EARLY}'")));
    }
}
