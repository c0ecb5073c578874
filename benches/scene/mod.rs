//! What is measured: one shop under plans made from config files, and a visitor who asks for its pages.
//!
//! Each plan is the dear case of its kind: the area is found last, four of five rules are read in vain.

use halftone::config::{Builds, check};
use halftone::decide::{Edge, Instruction, Request};
use halftone::plan::compile::compile;
use halftone::plan::condition::Asked;
use halftone::plan::{Geo, Plan};
use halftone::visitor::Keys;
use halftone::visitor::cookie::Arm;

/// Half of everyone.
pub const RANDOM: &str = r#""rollout": { "canary": "v2", "steps": ["50%"] }"#;

/// Thirty areas; the visitor is in the last.
pub const GEOGRAPHIC: &str = r#""rollout": { "canary": "v2", "strategy": "geographic", "steps": [{ "areas": {
    "colo:AKL": "5%", "colo:SYD": "5%", "US-CA": "5%", "US-NY": "5%", "NZ": "5%", "AU": "5%", "FJ": "5%", "JP": "5%", "KR": "5%", "TW": "5%",
    "SG": "5%", "MY": "5%", "TH": "5%", "VN": "5%", "IN": "5%", "AE": "5%", "ZA": "5%", "NG": "5%", "KE": "5%", "EG": "5%",
    "BR": "5%", "AR": "5%", "CL": "5%", "MX": "5%", "CA": "5%", "GB": "5%", "CH": "5%", "NO": "5%", "EU": "5%", "elsewhere": "5%" } }] }"#;

/// Five rules, the last of which holds.
pub const RULES: &str = r#""rollout": { "canary": "v2", "steps": ["50%"] }, "rules": [
    { "name": "staff", "when": { "cookie": { "staff": "*" } }, "serve": "canary" },
    { "name": "docs", "when": { "path": ["/docs/**", "/guide/**/*.html"] }, "serve": "stable" },
    { "name": "south", "when": { "country": ["NZ", "AU", "continent:SA"] }, "serve": "canary" },
    { "name": "host", "when": { "host": "*.beta.example" }, "serve": "canary" },
    { "name": "rest", "when": { "not": { "all": [{ "city": "Auckland" }, { "colo": "AKL" }] } }, "split": { "v1": "50%", "v2": "50%" } }]"#;

/// The plan of a shop with these keys.
pub fn plan(keys: &str) -> Plan {
    let text = format!(
        r#"{{ "sites": {{ "shop": {{ "versions": {{ "v1": "https://v1.example", "v2": "https://v2.example" }}, "stable": "v1", {keys} }} }} }}"#
    );
    let checked = check(text.as_bytes(), &Builds::unknown());
    let config = checked.config.unwrap_or_else(|| panic!("{:?}", checked.problems));
    compile(&config, &Vec::new(), None, 1).unwrap()
}

/// A visitor from Iceland who has been here before.
pub struct Visitor;

const ID: &str = "r80dezmoIOL0Zbmhap54bg";
const COOKIES: &str = "theme=dark; session=0123456789abcdef0123456789abcdef; _ga=GA1.1.1234567890.1234567890";

impl Asked for Visitor {
    fn geo(&self) -> Geo<'_> {
        Geo { country: "IS", region: "1", city: "Reykjavik", colo: "KEF" }
    }
    fn path(&self) -> &'static str {
        "/shop/lamps/table-lamp"
    }
    fn host(&self) -> &'static str {
        "shop.example"
    }
    fn query(&self) -> &'static str {
        "utm_source=mail"
    }
    fn header(&self, _: &str) -> Option<&str> {
        None
    }
    fn cookies(&self) -> &str {
        COOKIES
    }
    fn is_bot(&self) -> bool {
        false
    }
}

impl halftone::assign::Subject for Visitor {
    fn key(&self) -> &str {
        ID
    }
    fn arm(&self) -> Option<Arm> {
        None
    }
    fn served(&self) -> Option<halftone::slot::VersionIndex> {
        None
    }
    fn ticket(&mut self) -> Option<u64> {
        None
    }
}

/// An isolate with a plan, and the cookies of a visitor it has served a page to.
pub struct Served {
    pub edge: Edge,
    pub cookies: String,
}

impl Served {
    pub fn with(keys: &str) -> Self {
        let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        let mut served = Self { edge: Edge::new(plan(keys), Keys::read(secret).ok()), cookies: COOKIES.to_owned() };
        let Instruction::Carry(carry) = served.page() else { panic!("a page is carried") };
        let pair = carry.personal.set_cookie.split(';').next().unwrap_or_default();
        assert!(pair.starts_with("__Host-halftone=1:"), "a new visitor gets a cookie");
        served.cookies = format!("{COOKIES}; {pair}");
        let Instruction::Carry(carry) = served.page() else { panic!("a page is carried") };
        assert_eq!(carry.personal.set_cookie, "", "a visitor who comes back keeps theirs");
        served
    }

    /// A navigation of that visitor.
    pub fn page(&mut self) -> Instruction {
        let request = request("https://shop.example/shop/lamps/table-lamp?utm_source=mail", "document", &self.cookies);
        self.edge.decide(&request, || Some([7; 16]))
    }

    /// A content-hashed script of their page.
    pub fn script(&mut self) -> Instruction {
        let request = request("https://shop.example/assets/main-4f3a2b1c.js", "script", &self.cookies);
        self.edge.decide(&request, || Some([7; 16]))
    }

    /// A navigation of somebody new.
    pub fn stranger(&mut self) -> Instruction {
        let request = request("https://shop.example/shop/lamps/table-lamp?utm_source=mail", "document", COOKIES);
        self.edge.decide(&request, || Some([7; 16]))
    }
}

fn request<'a>(url: &'a str, dest: &'a str, cookies: &'a str) -> Request<'a> {
    Request {
        method: "GET",
        url,
        cookies,
        dest,
        accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        address: "203.0.113.7",
        geo: Visitor.geo(),
        now_ms: 1_790_035_200_000,
        ..Request::default()
    }
}
