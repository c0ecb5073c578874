//! The visitor cookie: who, since when, what was served last, and the facts that must not change under them.
//!
//! `1:<id>:<first seen>:<written>:<served>:<rollout tag>:<kept>:<signature>`, all characters legal in a cookie value.
//! Times are seconds in base 36. The signature covers the site's name, so a cookie of one site says nothing to another.
//! What can not be read or does not verify is a new visitor, never an error. The format is pinned by a literal test.

use std::borrow::Cow;

use crate::beacon::draw::{self as drawn, Draw};
use crate::scan::{cut, pieces};
use crate::slot::Odds;

use super::keys::{Keys, Purpose, SIGNATURE_CHARS, Verified};
use super::{CookieName, base64url, cookie_values};

/// Characters of a visitor's id: 16 random bytes as base64url.
pub const ID_CHARS: usize = 22;

/// The longest cookie value that is looked at. Ours stay below it: four kept names of 48 bytes, each byte escaped as
/// three, are 576, a version's id 64, and all the rest under 150.
const LONGEST: usize = 1024;

/// A visitor as the cookie knows them; texts are the cookie's own where they can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor<'a> {
    /// 22 characters of base64url; the key of all their slots.
    pub id: Cow<'a, str>,
    /// When they first came, seconds since 1970.
    pub first_seen_s: u64,
    /// When this cookie was written, seconds since 1970.
    pub written_s: u64,
    /// Id of the version their last page came from.
    pub served: Cow<'a, str>,
    /// The rollout the kept facts belong to: hash of its salt, 0 for none.
    pub rollout: u32,
    /// Facts fixed at the first draw of that rollout.
    pub kept: Kept<'a>,
}

impl Visitor<'_> {
    /// Whether all of it is the same but when it was written.
    #[must_use]
    pub fn is_as(&self, other: &Visitor<'_>) -> bool {
        let Self { id, first_seen_s, written_s: _, served, rollout, kept } = self;
        (first_seen_s, rollout) == (&other.first_seen_s, &other.rollout)
            && (id, served, kept) == (&other.id, &other.served, &other.kept)
    }
}

/// Facts fixed at the first draw of a rollout, because they could change under a visitor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept<'a> {
    /// Whether geography was fixed; then the four texts hold, empty ones included.
    pub placed: bool,
    /// Country then.
    pub country: Cow<'a, str>,
    /// Region then.
    pub region: Cow<'a, str>,
    /// City then.
    pub city: Cow<'a, str>,
    /// Data centre then.
    pub colo: Cow<'a, str>,
    /// The arm fixed at arrival, where only newcomers are drawn.
    pub arm: Option<Arm>,
    /// The place in the order of arrival (sequential strategy).
    pub ticket: Option<Ticket>,
    /// The last time their slot was at stake.
    pub draw: Option<Draw>,
}

/// An arm fixed at arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// Came during the rollout and drew the canary.
    Canary,
    /// Came during the rollout and drew stable.
    Stable,
    /// Was here before.
    Resident,
}

/// A place in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticket {
    /// Handed out at this time (seconds); void ten minutes later unless the cookie comes back before.
    Provisional {
        /// Place, from 0.
        number: u64,
        /// When it was handed out.
        issued_s: u64,
    },
    /// The cookie came back and the ticket office knows.
    Confirmed {
        /// Place, from 0.
        number: u64,
    },
}

impl Ticket {
    /// How long a ticket waits for its cookie to come back, seconds.
    pub const PROVISIONAL_S: u64 = 600;

    /// The number, while the ticket counts.
    #[must_use]
    pub fn valid_number(self, now_s: u64) -> Option<u64> {
        match self {
            Self::Confirmed { number } => Some(number),
            Self::Provisional { number, issued_s } => (now_s < issued_s + Self::PROVISIONAL_S).then_some(number),
        }
    }
}

/// A cookie that verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<'a> {
    /// What it says.
    pub visitor: Visitor<'a>,
    /// Whether it was signed with the newest key.
    pub signed: Verified,
}

/// The first cookie called `name` in a `Cookie` header that verifies for this site.
#[must_use]
pub fn read<'a>(header: &'a str, name: impl Into<CookieName<'a>>, site: &str, keys: &Keys) -> Option<Read<'a>> {
    cookie_values(header, name).find_map(|value| read_value(value, site, keys))
}

/// Reads one cookie value.
#[must_use]
pub fn read_value<'a>(value: &'a str, site: &str, keys: &Keys) -> Option<Read<'a>> {
    if value.len() > LONGEST || !value.is_ascii() {
        return None;
    }
    // ASCII, so it can be cut anywhere.
    let (signed_text, signature) = value.split_at_checked(value.len().checked_sub(SIGNATURE_CHARS)?)?;
    let signed_text = signed_text.strip_suffix(':')?;
    if !signed_text.starts_with("1:") {
        return None;
    }
    let signed = keys.verify(Purpose::Visitor, &[site.as_bytes(), signed_text.as_bytes()], signature)?;
    let visitor = parse(signed_text)?;
    Some(Read { visitor, signed })
}

fn parse(text: &str) -> Option<Visitor<'_>> {
    let mut parts = pieces(text, b':');
    let mut next = || parts.next();
    if next()? != "1" {
        return None;
    }
    let id = next().filter(|id| id.len() == ID_CHARS)?.into();
    let first_seen_s = from_base36(next()?)?;
    let written_s = from_base36(next()?)?;
    let served = next()?.into();
    let rollout = u32::try_from(from_base36(next()?)?).ok()?;
    let kept = parse_kept(next()?)?;
    parts.next().is_none().then_some(Visitor { id, first_seen_s, written_s, served, rollout, kept })
}

/// `place|arm|ticket|draw`: place is empty or `country/region/city/colo`, arm one letter or empty, ticket empty,
/// `c<number>` or `p<number>/<issued>`, draw left out with its line or
/// `<c or s><step>/<ground>/<canary's slots>/<stable's slots>`.
fn parse_kept(text: &str) -> Option<Kept<'_>> {
    let mut kept = Kept::default();
    if text.is_empty() {
        return Some(kept);
    }
    let mut parts = pieces(text, b'|');
    let place = parts.next()?;
    if !place.is_empty() {
        let mut names = pieces(place, b'/').map(|name| match cut(name, b'%') {
            None => Cow::Borrowed(name),
            Some(_) => Cow::Owned(crate::route::percent_decoded(name)),
        });
        kept.placed = true;
        kept.country = names.next()?;
        kept.region = names.next()?;
        kept.city = names.next()?;
        kept.colo = names.next()?;
    }
    kept.arm = match parts.next()? {
        "" => None,
        "c" => Some(Arm::Canary),
        "s" => Some(Arm::Stable),
        "r" => Some(Arm::Resident),
        _ => return None,
    };
    let ticket = parts.next()?;
    kept.ticket = if ticket.is_empty() {
        None
    } else if let Some(number) = ticket.strip_prefix('c') {
        Some(Ticket::Confirmed { number: from_base36(number)? })
    } else {
        let (number, issued) = ticket.strip_prefix('p')?.split_once('/')?;
        Some(Ticket::Provisional { number: from_base36(number)?, issued_s: from_base36(issued)? })
    };
    if let Some(draw) = parts.next() {
        kept.draw = Some(parse_draw(draw)?);
    }
    parts.next().is_none().then_some(kept)
}

fn parse_draw(text: &str) -> Option<Draw> {
    let arm = drawn::Arm::of_letter(text.get(..1)?)?;
    let mut numbers = pieces(text.get(1..)?, b'/').map(from_base36);
    let mut short = || u16::try_from(numbers.next()??).ok();
    let step = short()?;
    let ground = u32::try_from(numbers.next()??).ok()?;
    let mut short = || u16::try_from(numbers.next()??).ok();
    let odds = Odds { canary: short()?, stable: short()? };
    numbers.next().is_none().then_some(Draw { step, ground, odds, arm })
}

/// The signed cookie value of a visitor.
#[must_use]
pub fn write(visitor: &Visitor<'_>, site: &str, keys: &Keys) -> String {
    let mut text = String::with_capacity(160);
    text.push_str("1:");
    text.push_str(&visitor.id);
    for time in [visitor.first_seen_s, visitor.written_s] {
        text.push(':');
        push_base36(time, &mut text);
    }
    text.push(':');
    text.push_str(&visitor.served);
    text.push(':');
    push_base36(u64::from(visitor.rollout), &mut text);
    text.push(':');
    push_kept(&visitor.kept, &mut text);
    let signature = keys.sign(Purpose::Visitor, &[site.as_bytes(), text.as_bytes()]);
    text.push(':');
    base64url::encode_into(&signature, &mut text);
    text
}

fn push_kept(kept: &Kept<'_>, text: &mut String) {
    if *kept == Kept::default() {
        return;
    }
    if kept.placed {
        for (at, name) in [&kept.country, &kept.region, &kept.city, &kept.colo].into_iter().enumerate() {
            if at > 0 {
                text.push('/');
            }
            push_escaped(name, text);
        }
    }
    text.push('|');
    text.push_str(match kept.arm {
        None => "",
        Some(Arm::Canary) => "c",
        Some(Arm::Stable) => "s",
        Some(Arm::Resident) => "r",
    });
    text.push('|');
    match kept.ticket {
        None => {}
        Some(Ticket::Confirmed { number }) => {
            text.push('c');
            push_base36(number, text);
        }
        Some(Ticket::Provisional { number, issued_s }) => {
            text.push('p');
            push_base36(number, text);
            text.push('/');
            push_base36(issued_s, text);
        }
    }
    if let Some(draw) = kept.draw {
        text.push('|');
        text.push(draw.arm.letter());
        push_base36(u64::from(draw.step), text);
        for number in [draw.ground, u32::from(draw.odds.canary), u32::from(draw.odds.stable)] {
            text.push('/');
            push_base36(u64::from(number), text);
        }
    }
}

/// The most bytes of a place's name that are kept.
const LONGEST_NAME: usize = 48;

/// What of a place's name is kept: whole characters, at most 48 bytes.
#[must_use]
pub fn shortened(name: &str) -> &str {
    name.get(..name.floor_char_boundary(LONGEST_NAME)).unwrap_or_default()
}

fn push_escaped(name: &str, text: &mut String) {
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            text.push(char::from(byte));
        } else {
            text.push('%');
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
    }
}

/// Appends a number in base 36, lower case.
pub fn push_base36(number: u64, text: &mut String) {
    let mut digits = [0_u8; 13];
    let mut rest = number;
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        let value = (rest % 36) as u8;
        *digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
        rest /= 36;
        used += 1;
        if rest == 0 {
            break;
        }
    }
    text.extend(digits.iter().skip(digits.len() - used).map(|&digit| char::from(digit)));
}

/// Reads such a number: 1 to 11 characters.
#[must_use]
pub fn from_base36(text: &str) -> Option<u64> {
    let well_formed = (1..=11).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    well_formed.then(|| u64::from_str_radix(text, 36).ok()).flatten()
}

#[cfg(test)]
mod tests;
