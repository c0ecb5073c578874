//! The page token: what a page may speak for, signed by the edge for that page view.
//!
//! `1~<time>~<visitor>~<rollout>~<class, arm, flags>~<drawn>~<served>~<step>~<canary's slots>~<stable's slots>~<place>~<signature>`,
//! numbers in base 36, all characters legal in a quoted string. It travels as `Server-Timing`, so that a 304 renews it and
//! no body holds it. The signature covers the site's name. A beacon's version comes from here and from nowhere else.

use super::draw::Arm;
use crate::slot::Odds;
use crate::visitor::cookie::{ID_CHARS, from_base36, push_base36};
use crate::visitor::keys::{Keys, Purpose, SIGNATURE_CHARS, Verified};
use crate::visitor::{base64url, cookieless};

/// The longest token that is looked at: two versions of 64 characters, a place of 69, all the rest under 120.
pub const LONGEST: usize = 400;

/// How long a page may report, ms: a tab that is open longer has nothing to say that counts.
pub const LIFE_MS: u64 = 24 * 3_600_000;

/// How far the clocks of two machines of the network may be apart, ms.
const SKEW_MS: u64 = 60_000;

/// What a page is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Part of a draw: it can be evidence.
    Drawn,
    /// Nothing was at stake for it: a rule for one version, an area whose time has not come, a visitor from before.
    Apart,
    /// The version drawn failed, stable answered.
    Failover,
    /// A listed bot.
    Bot,
    /// A preview.
    Preview,
    /// No consent, or a global privacy control.
    OptedOut,
    /// A slot by the day's hash, no cookie.
    Cookieless,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 7] =
        [Self::Drawn, Self::Apart, Self::Failover, Self::Bot, Self::Preview, Self::OptedOut, Self::Cookieless];

    /// The word in counts and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drawn => "drawn",
            Self::Apart => "apart",
            Self::Failover => "failover",
            Self::Bot => "bot",
            Self::Preview => "preview",
            Self::OptedOut => "opted_out",
            Self::Cookieless => "cookieless",
        }
    }

    /// The letter in tokens and rows.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Drawn => 'd',
            Self::Apart => 'a',
            Self::Failover => 'f',
            Self::Bot => 'b',
            Self::Preview => 'p',
            Self::OptedOut => 'o',
            Self::Cookieless => 'c',
        }
    }

    /// The class a letter stands for.
    #[must_use]
    pub fn of_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.letter() == letter)
    }
}

/// One page view as its token tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// When it was served, ms since 1970.
    pub time_ms: u64,
    /// The visitor's id.
    pub visitor: String,
    /// The rollout it was served in (hash of its salt).
    pub rollout: u32,
    /// What it is counted as.
    pub class: Class,
    /// Whether the visitor's cookie had come back when it was served.
    pub is_proven: bool,
    /// Whether it is the visitor's first page of this site.
    pub is_first: bool,
    /// Whether it was fetched before anybody asked for it, and counts once it is looked at.
    pub is_speculative: bool,
    /// Id of the version drawn: whose evidence this is.
    pub drawn: String,
    /// Id of the version served.
    pub served: String,
    /// The arm of the version drawn, where there is a draw.
    pub arm: Option<Arm>,
    /// The step of the draw, or the step in force.
    pub step: u16,
    /// The odds of the draw; none outside of draws.
    pub odds: Odds,
    /// Which split decided: an area, `rule:` and a rule, or nothing.
    pub place: String,
}

/// Why a token does not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not a token of this site and these keys.
    Invalid,
    /// A day old, or from the future.
    Expired,
}

impl Page {
    /// The page view's id: eight digits of its time, so that ids sort by time, and the beginning of the visitor's.
    /// Two pages of one visitor in the same millisecond are one.
    #[must_use]
    pub fn id(&self) -> String {
        let mut text = String::with_capacity(16);
        self.push_id(&mut text);
        text
    }

    /// Appends it.
    pub fn push_id(&self, text: &mut String) {
        // Times of before 1972 and after 2059 have other lengths, and no page is of those.
        let zeros = (1..8).filter(|&digits| self.time_ms < 36_u64.pow(digits)).count();
        text.push_str("0000000".get(..zeros).unwrap_or_default());
        push_base36(self.time_ms, text);
        text.push_str(self.visitor.get(..8).unwrap_or_default());
    }

    /// The signed token.
    #[must_use]
    pub fn sign(&self, site: &str, keys: &Keys) -> String {
        let mut text = String::with_capacity(224);
        text.push_str("1~");
        push_base36(self.time_ms, &mut text);
        text.push('~');
        text.push_str(&self.visitor);
        text.push('~');
        push_base36(u64::from(self.rollout), &mut text);
        text.push('~');
        text.push(self.class.letter());
        text.push(self.arm.map_or('-', Arm::letter));
        for (set, letter) in [(self.is_proven, 'k'), (self.is_first, 'n'), (self.is_speculative, 'p')] {
            if set {
                text.push(letter);
            }
        }
        for version in [if self.drawn == self.served { "" } else { &self.drawn }, &self.served] {
            text.push('~');
            text.push_str(version);
        }
        for number in [self.step, self.odds.canary, self.odds.stable] {
            text.push('~');
            push_base36(u64::from(number), &mut text);
        }
        text.push('~');
        text.push_str(&self.place);
        let signature = keys.sign(Purpose::Page, &[site.as_bytes(), text.as_bytes()]);
        text.push('~');
        base64url::encode_into(&signature, &mut text);
        text
    }

    /// Reads a token of this site. `Refused::Expired` only for tokens whose signature holds.
    pub fn open(token: &str, site: &str, keys: &Keys, now_ms: u64) -> Result<Self, Refused> {
        if token.len() > LONGEST || !token.is_ascii() {
            return Err(Refused::Invalid);
        }
        let (text, signature) = token.rsplit_once('~').ok_or(Refused::Invalid)?;
        if signature.len() != SIGNATURE_CHARS {
            return Err(Refused::Invalid);
        }
        let _: Verified = keys.verify(Purpose::Page, &[site.as_bytes(), text.as_bytes()], signature).ok_or(Refused::Invalid)?;
        let page = parse(text).ok_or(Refused::Invalid)?;
        if page.time_ms > now_ms + SKEW_MS || page.time_ms + LIFE_MS < now_ms {
            return Err(Refused::Expired);
        }
        Ok(page)
    }
}

fn parse(text: &str) -> Option<Page> {
    let mut parts = text.split('~');
    let mut next = || parts.next();
    if next()? != "1" {
        return None;
    }
    let time_ms = from_base36(next()?)?;
    let visitor = next().filter(|id| id.len() == ID_CHARS)?.to_owned();
    let rollout = u32::try_from(from_base36(next()?)?).ok()?;
    let mut letters = next()?.chars();
    let class = Class::of_letter(letters.next()?)?;
    let arm = match letters.next()? {
        '-' => None,
        's' => Some(Arm::Stable),
        'c' => Some(Arm::Canary),
        _ => return None,
    };
    let flags = letters.as_str();
    let (drawn, served) = (next()?, next()?);
    let drawn = if drawn.is_empty() { served } else { drawn };
    let mut short = || u16::try_from(from_base36(next()?)?).ok();
    let (step, odds) = (short()?, Odds { canary: short()?, stable: short()? });
    let place = parts.next()?.to_owned();
    let page = Page {
        time_ms,
        visitor,
        rollout,
        class,
        is_proven: flags.contains('k'),
        is_first: flags.contains('n'),
        is_speculative: flags.contains('p'),
        drawn: drawn.to_owned(),
        served: served.to_owned(),
        arm,
        step,
        odds,
        place,
    };
    parts.next().is_none().then_some(page)
}

/// What is kept of a client's address: a keyed hash of its network (IPv4 /24, IPv6 /48), another in every rollout.
#[must_use]
pub fn network(keys: &Keys, site: &str, rollout: u32, address: &str) -> String {
    let network = cookieless::network(address);
    let hash = keys.sign(Purpose::Network, &[site.as_bytes(), &rollout.to_be_bytes(), network.as_bytes()]);
    base64url::encode(hash.get(..8).unwrap_or_default())
}

/// Which of a rollout's objects has a visitor's rows.
#[must_use]
pub fn shard(visitor: &str, shards: u8) -> u8 {
    let hash = crate::slot::Murmur3::hash(4, visitor.as_bytes());
    ((u64::from(hash) * u64::from(shards.max(1))) >> 32) as u8
}

/// Whether a visitor is among the sample whose pages report.
#[must_use]
pub fn is_sampled(visitor: &str, sample: crate::slot::Weight) -> bool {
    crate::slot::Slot::of("halftone/sample", visitor.as_bytes()).number() < sample.bp()
}

#[cfg(test)]
mod tests;
