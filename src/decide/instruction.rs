//! What `entry.mjs` is told to do, and the text it travels in.
//!
//! The text is lines; no field can hold a line feed, because URLs, header values and ids can not. `A` answers at once:
//! status, number of headers, then name and value of each, then the body. `C` carries a request to an origin: seven
//! lines for the request, then three for each attempt. `O` asks for one of our own addresses: which, object, note.
//! `M` asks for the facts that were left out. `K` carries a request as one was carried that the entry remembers: the number it
//! stands under, and the six lines of `C` that are this visitor's own. The order is pinned by a test here and read once in `edge/wasm.mjs`.
//!
//! What many requests have in common stands in one line, its fields between tabs: the first line of `C`, and the first of each
//! attempt. The entry reads such a line once and knows it again.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::feedback::Telling;
use crate::assign::Assignment;
use crate::route::Reserved;
use crate::scan::pieces;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// Answer without an origin.
    Answer(Answer),
    /// Fetch from an origin.
    Carry(Carry),
    /// One of our own addresses that takes more than a decision.
    Own(Own),
    /// Carry it as the entry remembers for this address under this number, with what is this visitor's own.
    Known(Standing, Personal),
    /// Ask again with everything.
    More,
}

/// A request to an address of our own, and what it proves of who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// Which.
    pub what: Reserved,
    /// Note and object, where there is something to note.
    pub telling: Telling,
}

/// An answer of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names and values, in order.
    pub headers: Vec<(&'static str, String)>,
    /// Text, `""` for none.
    pub body: String,
}

/// A request to an origin.
#[expect(clippy::struct_excessive_bools, reason = "each is one letter in the instruction's first line")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carry {
    /// If the first attempt is refused, answers 5xx or sends no headers in time: decide again with `failed` set.
    pub guarded: bool,
    /// How long headers may take when guarded.
    pub timeout_ms: u32,
    /// Mark the page as a preview and keep it out of indexes.
    pub preview: bool,
    /// Say `halftone` and `Server-Timing`.
    pub announce: bool,
    /// Whether this is a document navigation.
    pub navigation: bool,
    /// Which revision decided.
    pub revision: u64,
    /// Base name of our cookies: it and it with `-preview`, each also behind `__Host-`, stay at the edge.
    pub own_cookie: String,
    /// What is this visitor's own.
    pub personal: Personal,
    /// `Vary`, for answers that are not public.
    pub vary: Cow<'static, str>,
    /// `Cache-Control` of the answer, or empty to leave the origin's.
    pub cache_control: &'static str,
    /// Put the page script into the page.
    pub inject: bool,
    /// Ask the browser for reports of its own.
    pub reports: bool,
    /// The validators are those of copies that were told to report.
    pub marked: bool,
    /// What counts of who asks, if the rest of this is the same for all of whom that holds, as long as the plan stands.
    ///
    /// Of a page everything is the same but what is personal. Of a part of a page it is the version of that page, nothing is
    /// personal, and these cookies bring it with every part of the site.
    pub stands: Option<Standing>,
    /// At least one; the next is tried when a file is missing.
    pub attempts: Vec<Attempt>,
}

/// What counts of who asks: version and why, and whether their page is told to report. How a file is served follows from
/// this number, the address and the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing(u16);

impl Standing {
    /// That of who gets this.
    #[must_use]
    pub fn of(assignment: Assignment, is_told: bool) -> Self {
        Self(u16::from(assignment.version.0) << 5 | (assignment.why as u16) << 1 | u16::from(is_told))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }

    /// Whether it is among these, numbers with a space in front of each.
    #[must_use]
    pub fn is_among(self, numbers: &str) -> bool {
        let mut numbers = pieces(numbers, b' ');
        numbers.next();
        numbers.any(|number| number.parse() == Ok(self.0))
    }
}

/// What goes to one visitor alone; empty where there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Personal {
    /// `Set-Cookie`.
    pub set_cookie: String,
    /// `Set-Cookie` if the ticket office confirms.
    pub set_cookie_confirmed: String,
    /// What to ask the ticket office beside the request.
    pub office: Option<Office>,
    /// Page token, note and object, where the page is counted.
    pub telling: Telling,
}

/// A question to the ticket office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Office {
    /// Lease a block, in the background.
    Lease {
        /// Which office.
        name: String,
        /// Hash of the rollout's salt.
        rollout: u32,
        /// How many may be enrolled.
        first: u64,
    },
    /// A ticket's cookie came back; the answer decides which `Set-Cookie` is sent.
    Confirm {
        /// Which office.
        name: String,
        /// The ticket's number.
        number: u64,
        /// When it was handed out, seconds.
        issued_s: u64,
    },
}

/// What kind of origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The static-assets binding.
    Assets,
    /// Another server.
    Url,
    /// The server behind this hostname.
    Zone,
    /// An R2 bucket.
    R2,
    /// A service binding.
    Service,
    /// None: the target is the source of a service worker that takes itself out of the browser.
    Leaves,
}

impl Kind {
    fn letter(self) -> char {
        match self {
            Self::Assets => 'a',
            Self::Url => 'u',
            Self::Zone => 'z',
            Self::R2 => 'r',
            Self::Service => 's',
            Self::Leaves => 'l',
        }
    }
}

/// One try at one version's origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which kind of origin.
    pub kind: Kind,
    /// Name of the binding (R2, service), else empty.
    pub binding: String,
    /// URL to fetch, or key in the bucket.
    pub target: String,
    /// `Location` headers that begin with this ... (for a bucket, the prefix of the keys)
    pub location_from: String,
    /// ... begin with this for the visitor.
    pub location_to: String,
    /// Id of the version.
    pub version: String,
    /// Why this version.
    pub why: &'static str,
    /// Status to answer with instead of 200 (a version's own 404 page), or 0.
    pub status: u16,
    /// `If-None-Match` for the origin, or empty.
    pub if_none_match: String,
    /// Whether the origin sees the visitor's cookies and authorization: `c`, `a`, both or neither. For a bucket, whose name is
    /// resolved where its files are not listed: `l` a listed file; a page, and where there is none the 404 page (`p`) or the
    /// index (`s`).
    pub forward: &'static str,
}

impl Instruction {
    /// What it stands under, if that is all there is to say.
    #[must_use]
    pub fn is_but_known(&self) -> Option<Standing> {
        match self {
            Self::Known(standing, personal) if *personal == Personal::default() => Some(*standing),
            _ => None,
        }
    }

    /// Appends the text of the instruction.
    pub fn render(&self, text: &mut String) {
        match self {
            Self::Answer(answer) => answer.render(text),
            Self::Carry(carry) => carry.render(text),
            Self::Known(standing, personal) => {
                text.push('K');
                push_number(u64::from(standing.0), text);
                personal.render(text);
            }
            Self::More => text.push('M'),
            Self::Own(own) => {
                text.push('O');
                for value in [own.what.as_str(), &own.telling.intake, &own.telling.note] {
                    line(text, value);
                }
            }
        }
    }
}

impl Answer {
    fn render(&self, text: &mut String) {
        let _ = write!(text, "A\n{}\n{}", self.status, self.headers.len());
        for (name, value) in &self.headers {
            line(text, name);
            line(text, value);
        }
        line(text, &self.body);
    }
}

impl Carry {
    fn render(&self, text: &mut String) {
        text.push('C');
        for (set, letter) in [
            (self.guarded, 'g'),
            (self.preview, 'p'),
            (self.announce, 'h'),
            (self.navigation, 'n'),
            (self.inject, 'i'),
            (self.reports, 'r'),
            (self.marked, 'm'),
            (self.personal.telling.is_told, 't'),
            (self.personal.telling.is_failover, 'f'),
        ] {
            if set {
                text.push(letter);
            }
        }
        field(text, "");
        push_number(u64::from(self.timeout_ms), text);
        field(text, "");
        push_number(self.revision, text);
        for common in [&*self.own_cookie, &*self.vary, self.cache_control] {
            field(text, common);
        }
        field(text, "");
        if let Some(standing) = self.stands {
            push_number(u64::from(standing.0), text);
        }
        self.personal.render(text);
        for attempt in &self.attempts {
            attempt.render(text);
        }
    }
}

impl Personal {
    fn render(&self, text: &mut String) {
        line(text, &self.set_cookie);
        line(text, &self.set_cookie_confirmed);
        match &self.office {
            None => line(text, ""),
            Some(Office::Lease { name, rollout, first }) => {
                let _ = write!(text, "\nlease {rollout} {first} {name}");
            }
            Some(Office::Confirm { name, number, issued_s }) => {
                let _ = write!(text, "\nconfirm {number} {issued_s} {name}");
            }
        }
        for own in [&self.telling.token, &self.telling.intake, &self.telling.note] {
            line(text, own);
        }
    }
}

impl Attempt {
    fn render(&self, text: &mut String) {
        text.push('\n');
        text.push(self.kind.letter());
        for common in [&self.binding, &self.location_from, &self.location_to, &self.version] {
            field(text, common);
        }
        field(text, self.why);
        field(text, self.forward);
        field(text, "");
        if self.status != 0 {
            push_number(u64::from(self.status), text);
        }
        line(text, &self.target);
        line(text, &self.if_none_match);
    }
}

fn line(text: &mut String, value: &str) {
    text.push('\n');
    text.push_str(value);
}

fn field(text: &mut String, value: &str) {
    text.push('\t');
    text.push_str(value);
}

/// Decimal digits without the formatting machinery: this runs for every request.
pub fn push_number(number: u64, text: &mut String) {
    if number >= 10 {
        push_number(number / 10, text);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assign::Why;
    use crate::slot::VersionIndex;

    fn personal() -> Personal {
        Personal {
            set_cookie: "halftone=1; Path=/".to_owned(),
            set_cookie_confirmed: String::new(),
            office: Some(Office::Lease { name: "shop spring".to_owned(), rollout: 7, first: 100 }),
            telling: Telling {
                is_told: true,
                is_failover: false,
                token: "1~t".to_owned(),
                intake: "- shop 7 0".to_owned(),
                note: "page x".to_owned(),
            },
        }
    }

    #[test]
    fn the_text_of_what_is_remembered_is_pinned() {
        let standing = Standing::of(Assignment::undrawn(VersionIndex(1), Why::Canary), false);
        let rendered = |personal| {
            let mut text = String::new();
            Instruction::Known(standing, personal).render(&mut text);
            text
        };
        assert_eq!(rendered(Personal::default()), "K36\n\n\n\n\n\n");
        assert_eq!(Instruction::Known(standing, Personal::default()).is_but_known(), Some(standing));
        assert_eq!(Instruction::Known(standing, personal()).is_but_known(), None);
        assert_eq!(rendered(personal()), "K36\nhalftone=1; Path=/\n\nlease 7 100 shop spring\n1~t\n- shop 7 0\npage x");
        for (numbers, is_among) in
            [(" 36", true), (" 3 36 103", true), (" 3 360", false), ("36", false), (" 65572 99999999999 é", false), ("", false)]
        {
            assert_eq!(standing.is_among(numbers), is_among, "`{numbers}`");
        }
    }

    #[test]
    fn the_text_of_an_instruction_is_pinned() {
        let carry = Carry {
            guarded: true,
            timeout_ms: 3000,
            announce: true,
            navigation: true,
            revision: 12,
            own_cookie: "halftone".to_owned(),
            personal: personal(),
            vary: "Cookie".into(),
            cache_control: "private, no-cache",
            inject: true,
            stands: Some(Standing::of(Assignment::undrawn(VersionIndex(3), Why::Stable), true)),
            attempts: vec![Attempt {
                kind: Kind::Assets,
                binding: String::new(),
                target: "https://assets.local/v2/index.html".to_owned(),
                location_from: "/v2".to_owned(),
                location_to: String::new(),
                version: "v2".to_owned(),
                why: "canary",
                status: 404,
                if_none_match: String::new(),
                forward: "",
            }],
            ..Carry::default()
        };
        let mut text = String::new();
        Instruction::Carry(carry).render(&mut text);
        let expected = [
            "Cghnit\t3000\t12\thalftone\tCookie\tprivate, no-cache\t103",
            "halftone=1; Path=/",
            "",
            "lease 7 100 shop spring",
            "1~t",
            "- shop 7 0",
            "page x",
            "a\t\t/v2\t\tv2\tcanary\t\t404",
            "https://assets.local/v2/index.html",
            "",
        ];
        assert_eq!(text.split('\n').collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_text_of_an_answer_is_pinned() {
        let answer = Answer { status: 303, headers: vec![("location", "/".to_owned())], body: "Gone\nthere".to_owned() };
        let mut text = String::new();
        Instruction::Answer(answer).render(&mut text);
        assert_eq!(text, "A\n303\n1\nlocation\n/\nGone\nthere");
    }
}
