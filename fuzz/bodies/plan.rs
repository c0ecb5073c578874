//! The reader of plans: any text, and any bytes behind the right beginning.

use halftone::decide::{Edge, Request};
use halftone::plan::Plan;
use halftone::visitor::{Keys, base64url};
use std::cell::RefCell;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

thread_local! {
    static EDGE: RefCell<Option<Edge>> = const { RefCell::new(None) };
}

/// A plan's text, or the bytes of one.
pub fn run(data: &[u8]) {
    check(&String::from_utf8_lossy(data));
    check(&format!("halftone-plan/1 {}", base64url::encode(data)));
}

/// A plan that can be read is written and read again as the same, and requests can be decided by it.
fn check(text: &str) {
    let Ok(plan) = Plan::read(text) else { return };
    assert_eq!(Plan::read(&plan.write()).as_ref(), Ok(&plan));
    EDGE.with_borrow_mut(|edge| {
        let hosts =
            plan.sites.iter().filter_map(|site| site.hosts.first()).map(|host| host.replace('*', "a")).collect::<Vec<_>>();
        let edge = match edge {
            Some(edge) => {
                edge.replace_plan(plan);
                edge
            }
            None => edge.insert(Edge::new(plan, Some(Keys::read(KEY).unwrap()))),
        };
        for host in hosts.iter().map(String::as_str).chain(["other.example"]) {
            for (dest, path) in [("document", "/"), ("script", "/a-4f3a2b1c.js")] {
                let url = format!("https://{host}{path}");
                let request = Request { method: "GET", url: &url, dest, now_ms: 1_790_035_200_000, ..Request::default() };
                edge.decide(&request, || Some([7; 16])).render(&mut String::new());
            }
        }
    });
}
