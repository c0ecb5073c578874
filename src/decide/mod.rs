//! The whole decision about one request: facts in, instruction out.
//!
//! Synchronous and pure but for two sources that are handed in: random bytes for new visitors, and the isolate's lease
//! of arrival numbers. It never waits and never fails: what can not be served as asked is answered, and what goes wrong
//! on our side is served from stable. `entry.mjs` gathers the facts and carries the instruction out.

mod answer;
pub mod feedback;
#[cfg(any(feature = "control", not(target_arch = "wasm32")))]
pub mod imagined;
mod instruction;
mod navigate;
mod resolve;
mod service_worker;
mod serving;
mod target;

pub(crate) use instruction::push_number;
pub use instruction::{Answer, Attempt, Carry, Instruction, Kind, Office, Own, Personal, Standing};

use std::borrow::Cow;
use std::cell::RefCell;

use crate::plan::condition::{Asked, Need};
use crate::plan::{Fact, Geo, Live, Plan, Site};
use crate::route::{self, Address, Reserved, SafePath};
use crate::scan::{holds, pieces};
use crate::strategy::sequential::Lease;
use crate::visitor::Keys;
use crate::visitor::bots::Bots;

/// What is known of a request. Text that is not there is empty; header values are as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// Method, upper case.
    pub method: &'a str,
    /// Absolute URL as the platform parsed it.
    pub url: &'a str,
    /// `Cookie`.
    pub cookies: &'a str,
    /// `Sec-Fetch-Dest`; `serviceworker` also where only `Service-Worker` says so.
    pub dest: &'a str,
    /// `Sec-Purpose`, or the older `Purpose`.
    pub purpose: &'a str,
    /// `If-None-Match`.
    pub if_none_match: &'a str,
    /// What the entry remembers for this address: the number of every [`Standing`], with a space in front of each.
    pub known: &'a str,
    /// Id of a version that already failed to answer this request.
    pub failed: &'a str,
    /// Everything below is given for navigations and for requests without a cookie only.
    pub accept: &'a str,
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// `Sec-GPC`.
    pub privacy_control: &'a str,
    /// The client's address.
    pub address: &'a str,
    /// `Referer`: for a subresource without a cookie, the page it belongs to.
    pub referer: &'a str,
    /// The platform's geography.
    pub geo: Geo<'a>,
    /// Values of the headers in [`Needs::headers`], in that order, separated by line feeds.
    pub headers: &'a str,
    /// Whether what only matters of strangers was left out; then [`Instruction::More`] may ask for it.
    pub is_brief: bool,
    /// Now, milliseconds since 1970.
    pub now_ms: u64,
}

impl<'a> Request<'a> {
    /// Reads the facts as the entry writes them: seventeen lines in the order of the `let`s below, and the values of the headers
    /// that the plan asked for. Lines that are not there are empty. The first is what the entry remembers, behind a `b` if the facts
    /// are brief. Behind a `p` or an `n` it is a page that is asked for as almost all are: then only address and cookies follow, and
    /// with an `n` user agent and geography, where those brief facts are not enough.
    #[must_use]
    pub fn read(facts: &'a str, now_ms: u64) -> Self {
        let mut lines = pieces(facts, b'\n');
        let mut next = || lines.next().unwrap_or_default();
        let first = next();
        if let Some(known) = first.strip_prefix('p') {
            let [url, cookies] = std::array::from_fn(|_| next());
            return Self { method: "GET", url, cookies, dest: "document", known, is_brief: true, now_ms, ..Self::default() };
        }
        if let Some(known) = first.strip_prefix('n') {
            let [url, cookies, user_agent, country, region, city, colo] = std::array::from_fn(|_| next());
            let geo = Geo { country, region, city, colo };
            return Self { method: "GET", url, cookies, dest: "document", known, user_agent, geo, now_ms, ..Self::default() };
        }
        let (is_brief, known) = first.strip_prefix('b').map_or((false, first), |known| (true, known));
        let [method, url, cookies, dest, purpose, if_none_match, failed, accept] = std::array::from_fn(|_| next());
        let [user_agent, privacy_control, address, referer, country, region, city, colo] = std::array::from_fn(|_| next());
        let headers = lines.rest();
        let geo = Geo { country, region, city, colo };
        Self {
            method,
            url,
            cookies,
            dest,
            purpose,
            if_none_match,
            known,
            failed,
            accept,
            user_agent,
            privacy_control,
            address,
            referer,
            geo,
            headers,
            is_brief,
            now_ms,
        }
    }
}

/// What a plan reads of requests beyond what every decision does; found once per plan.
#[expect(clippy::struct_excessive_bools, reason = "each is one word for the entry")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Whether geography matters at all.
    pub geo: bool,
    /// Whether some site asks for consent, so that a global privacy control matters.
    pub consent: bool,
    /// Whether requests without a cookie may get a slot all the same, so that all facts matter for them too.
    pub cookieless: bool,
    /// Whether pages of some site are counted, so that address, purpose and privacy control of navigations matter.
    pub counts: bool,
    /// Whether all that decides for a visitor in the midst of a rollout stands in their cookie, as a rule: then reading
    /// geography and user agent can wait until it turns out that it does not.
    pub brief: bool,
    /// Whether other cookies than ours matter.
    pub cookies: bool,
    /// Base names of the visitor cookies, each once.
    pub names: Vec<String>,
    /// Lower-case names of headers, each once.
    pub headers: Vec<String>,
}

impl Needs {
    /// The needs of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut needs = Self { brief: true, ..Self::default() };
        for site in &plan.sites {
            needs.add_site(site);
        }
        for (_, header) in plan.geo_headers.iter().filter(|_| needs.geo).collect::<Vec<_>>() {
            needs.add_header(header);
        }
        needs
    }

    fn add_site(&mut self, site: &Site) {
        self.consent |= site.consent.is_some();
        self.cookies |= site.consent.is_some();
        self.cookieless |= site.consent.is_some() && site.without_consent == crate::plan::WithoutConsent::Cookieless;
        self.geo |= site.needs_geo();
        self.counts |= site.feedback.on && site.rollout.is_some();
        self.brief &= site.consent.is_none() && site.rollout.is_some();
        if !self.names.contains(&site.cookie) {
            self.names.push(site.cookie.clone());
        }
        for rule in &site.rules {
            rule.when.needs(&mut |need| match need {
                Need::Header(name) => self.add_header(name),
                Need::Cookies => self.cookies = true,
                Need::Geo => {}
            });
        }
    }

    fn add_header(&mut self, name: &str) {
        self.brief = false;
        if name != "user-agent" && !self.headers.iter().any(|known| known == name) {
            self.headers.push(name.to_owned());
        }
    }
}

/// What an isolate decides with.
pub struct Edge {
    /// The plan in force.
    pub plan: Plan,
    /// What it reads.
    pub needs: Needs,
    /// Signing keys; without them nothing is split.
    pub keys: Option<Keys>,
    /// Listed bots.
    pub bots: Bots,
    /// Arrival numbers this isolate may hand out.
    pub lease: Lease,
    /// Hashes of visitors of whom it was passed on that they keep their cookie.
    told: RefCell<[u32; TOLD]>,
}

/// Visitors that are remembered as passed on.
const TOLD: usize = 256;

impl Edge {
    /// An edge with a plan and keys, and no lease yet.
    #[must_use]
    pub fn new(plan: Plan, keys: Option<Keys>) -> Self {
        Self {
            needs: Needs::of(&plan),
            plan,
            keys,
            bots: Bots::standard(),
            lease: Lease::default(),
            told: RefCell::new([0; TOLD]),
        }
    }

    /// Takes another plan in; leases stay, they name their rollout.
    pub fn replace_plan(&mut self, plan: Plan) {
        self.needs = Needs::of(&plan);
        self.plan = plan;
    }

    /// Takes a live site into the plan; the error is for the log, and then nothing has changed.
    pub fn adopt(&mut self, live: Live) -> Result<(), String> {
        self.plan.adopt(live)?;
        self.needs = Needs::of(&self.plan);
        Ok(())
    }

    /// The decision. `random` fills 16 bytes for a new visitor's id; `None` if the platform has none to give, and then
    /// the visitor gets stable and no cookie.
    pub fn decide(&mut self, request: &Request<'_>, random: impl FnOnce() -> Option<[u8; 16]>) -> Instruction {
        let Some(address) = Address::parse(request.url) else {
            return Instruction::Answer(answer::bad_address());
        };
        if self.plan.admin_host.as_deref() == Some(address.host) {
            if route::is_admin(address.path) {
                return Instruction::Own(Own { what: Reserved::Admin, telling: feedback::Telling::default() });
            }
            return Instruction::Answer(answer::admin(&self.plan));
        }
        let reserved = route::reserved(address.path, &self.plan.prefix);
        match reserved {
            Some(Reserved::Health) => {
                return Instruction::Answer(answer::health(&self.plan, self.keys.is_some(), request.method));
            }
            Some(Reserved::Unknown | Reserved::Admin) => return Instruction::Answer(answer::nothing_there(&self.plan.prefix)),
            _ => {}
        }
        let Some(path) = SafePath::new(address.path) else {
            return Instruction::Answer(answer::bad_address());
        };
        let Self { plan, needs, keys, bots, lease, told } = self;
        let Some(site) = plan.site_of(address.host) else {
            return Instruction::Answer(answer::bad_address());
        };
        let seen = Seen { request, address, path, site, needs, bots, told, geo: believed_geo(plan, needs, request) };
        // Without keys nothing is split and nothing written, which is what "off" means.
        let keys = keys.as_ref().filter(|_| !site.is_off);
        match reserved {
            None => navigate::instruct(&seen, keys, lease, random),
            // What a beacon says sets the same bit on the row of its own page: a note beside it would be a second call of an object.
            Some(what @ Reserved::In) => Instruction::Own(Own { what, telling: feedback::Telling::default() }),
            Some(what) => Instruction::Own(Own { what, telling: navigate::proof(&seen, keys) }),
        }
    }
}

/// Site, version and why of the page that asks for something of ours; nothing is drawn for it.
#[cfg(any(feature = "control", not(target_arch = "wasm32")))]
#[must_use]
pub fn page_of<'a>(plan: &'a Plan, keys: &Keys, bots: &Bots, request: &Request<'_>) -> Option<(&'a Site, &'a str, &'static str)> {
    let address = Address::parse(request.url)?;
    let path = SafePath::new(address.path)?;
    let site = plan.site_of(address.host)?;
    let (needs, told) = (Needs::of(plan), RefCell::new([0; TOLD]));
    let geo = believed_geo(plan, &needs, request);
    let seen = Seen { request, address, path, site, needs: &needs, bots, told: &told, geo };
    let assignment = navigate::page(&seen, Some(keys).filter(|_| !site.is_off));
    Some((site, site.version(assignment.version)?.id.as_str(), assignment.why.as_str()))
}

/// A request with everything that was found out about it.
pub(crate) struct Seen<'a> {
    pub request: &'a Request<'a>,
    pub address: Address<'a>,
    pub path: SafePath<'a>,
    pub site: &'a Site,
    pub needs: &'a Needs,
    pub bots: &'a Bots,
    pub told: &'a RefCell<[u32; TOLD]>,
    pub geo: Geo<'a>,
}

impl Seen<'_> {
    /// Whether the method only reads.
    pub fn reads(&self) -> bool {
        matches!(self.request.method, "GET" | "HEAD")
    }

    /// Whether this is a document navigation, the one thing that draws. A browser says so; what says nothing at all
    /// (old browsers, crawlers) is taken at its `Accept`. A speculative fetch of a page counts as the navigation it is for.
    pub fn is_navigation(&self) -> bool {
        match self.request.dest {
            "document" => true,
            "iframe" | "frame" => self.site.same_site == crate::plan::SameSite::None,
            "" => self.reads() && holds(self.request.accept, "text/html"),
            "empty" => self.reads() && holds(self.request.purpose, "prefetch") && route::looks_like_a_page(&self.path.decoded),
            _ => false,
        }
    }

    /// Whether this is the script of a service worker, to be registered or looked at again.
    pub fn is_worker(&self) -> bool {
        self.request.dest == "serviceworker" && self.reads()
    }

    /// Seconds since 1970.
    pub fn now_s(&self) -> u64 {
        self.request.now_ms / 1000
    }

    /// Whether one of the visitor's cookies says yes, or none is asked for. A global privacy control says no.
    pub fn consents(&self) -> bool {
        let is_refused = self.site.consent.is_some() && self.request.privacy_control.trim() == "1";
        !is_refused && self.site.consented(self.request.cookies)
    }
}

/// A request as rules ask it, with the geography that counts for this visitor.
pub(crate) struct Question<'a> {
    pub seen: &'a Seen<'a>,
    pub geo: Geo<'a>,
    /// Decoded path and query of the page that was asked for.
    pub page: (Cow<'a, str>, &'a str),
}

impl<'a> Question<'a> {
    /// The request itself.
    pub fn of(seen: &'a Seen<'a>, geo: Geo<'a>) -> Self {
        Self { seen, geo, page: (Cow::Borrowed(&seen.path.decoded), seen.address.query) }
    }

    /// The same of a visitor somewhere else.
    pub fn with<'b>(&'b self, geo: Geo<'b>) -> Question<'b> {
        Question { seen: self.seen, geo, page: (Cow::Borrowed(&*self.page.0), self.page.1) }
    }

    /// The page a subresource belongs to, where the browser says so; otherwise the request itself.
    pub fn of_its_page(seen: &'a Seen<'a>) -> Self {
        let page = Address::parse(seen.request.referer).filter(|page| page.authority == seen.address.authority);
        match page.and_then(|page| Some((SafePath::new(page.path)?.decoded, page.query))) {
            Some(page) => Self { seen, geo: seen.geo, page },
            None => Self::of(seen, seen.geo),
        }
    }
}

impl Asked for Question<'_> {
    fn geo(&self) -> Geo<'_> {
        self.geo
    }
    fn path(&self) -> &str {
        &self.page.0
    }
    fn host(&self) -> &str {
        self.seen.address.host
    }
    fn query(&self) -> &str {
        self.page.1
    }
    fn header(&self, name: &str) -> Option<&str> {
        header(self.seen.needs, self.seen.request, name)
    }
    fn cookies(&self) -> &str {
        self.seen.request.cookies
    }
    fn is_bot(&self) -> bool {
        self.seen.bots.matches(self.seen.request.user_agent)
    }
}

/// A header the plan asked for; one that was not sent is not there.
fn header<'a>(needs: &Needs, request: &Request<'a>, name: &str) -> Option<&'a str> {
    if name == "user-agent" {
        return Some(request.user_agent);
    }
    let at = needs.headers.iter().position(|known| known == name)?;
    request.headers.split('\n').nth(at).filter(|value| !value.is_empty())
}

/// The platform's geography, with what the config lists believed headers for taken from those.
fn believed_geo<'a>(plan: &Plan, needs: &Needs, request: &Request<'a>) -> Geo<'a> {
    let mut geo = request.geo;
    if needs.geo {
        for (fact, name) in &plan.geo_headers {
            if let Some(value) = header(needs, request, name) {
                match fact {
                    Fact::Country => geo.country = value,
                    Fact::Region => geo.region = value,
                    Fact::City => geo.city = value,
                    Fact::Colo => geo.colo = value,
                }
            }
        }
    }
    geo
}

#[cfg(test)]
pub(crate) mod tests;
