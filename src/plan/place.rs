//! Where a visitor is, as the plan compares it: sets of countries, regions, data centres.
//!
//! The names behind the codes (continents, the European Union, spellings) are the config checker's business; by the time
//! a plan is made, a continent is a set of countries, so the one fact "country" is enough to place a visitor.

use serde::{Deserialize, Serialize};

/// A geographic fact about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fact {
    /// ISO 3166-1 alpha-2.
    Country,
    /// ISO 3166-2 without the country.
    Region,
    /// City name.
    City,
    /// Data centre of the network, three letters.
    Colo,
}

/// What is known of a visitor's place; empty text stands for "not known".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Geo<'a> {
    /// ISO 3166-1 alpha-2 as the platform gave it.
    pub country: &'a str,
    /// ISO 3166-2 without the country.
    pub region: &'a str,
    /// City name.
    pub city: &'a str,
    /// Data centre.
    pub colo: &'a str,
}

/// A set of two-letter country codes, one bit each: 26 x 26 codes in eleven words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Countries([u64; 11]);

impl Countries {
    /// Adds a code; `false` if it is not two upper-case letters.
    pub fn insert(&mut self, code: &str) -> bool {
        let Some((word, bit)) = place_of(code) else { return false };
        self.0.get_mut(word).is_some_and(|slot| {
            *slot |= 1 << bit;
            true
        })
    }

    /// Whether the code is in the set.
    #[must_use]
    pub fn contains(&self, code: &str) -> bool {
        place_of(code).is_some_and(|(word, bit)| self.0.get(word).is_some_and(|slot| slot >> bit & 1 == 1))
    }

    /// The codes in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = String> + '_ {
        let letters = b'A'..=b'Z';
        letters
            .flat_map(|a| (b'A'..=b'Z').map(move |b| [a, b]))
            .filter_map(|pair| std::str::from_utf8(&pair).ok().filter(|code| self.contains(code)).map(str::to_owned))
    }
}

fn place_of(code: &str) -> Option<(usize, u32)> {
    let &[a, b] = code.as_bytes() else { return None };
    if !a.is_ascii_uppercase() || !b.is_ascii_uppercase() {
        return None;
    }
    let number = u32::from(a - b'A') * 26 + u32::from(b - b'A');
    Some(((number / 64) as usize, number % 64))
}

impl TryFrom<String> for Countries {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let mut set = Self::default();
        for code in text.split(' ').filter(|code| !code.is_empty()) {
            if !set.insert(code) {
                return Err(format!("`{code}` is not a country code"));
            }
        }
        Ok(set)
    }
}

impl From<Countries> for String {
    fn from(set: Countries) -> String {
        set.iter().collect::<Vec<_>>().join(" ")
    }
}

/// A part of the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A data centre of the network.
    Colo(String),
    /// Country and subdivision.
    Region(String, String),
    /// Any of these countries.
    Countries(Countries),
    /// Any known country.
    Known,
    /// No country is known.
    Unknown,
}

impl Place {
    /// Whether a visitor with this geography is here.
    #[must_use]
    pub fn holds(&self, geo: &Geo<'_>) -> bool {
        match self {
            Self::Colo(colo) => geo.colo == colo,
            Self::Region(country, region) => geo.country == country && geo.region == region,
            Self::Countries(set) => set.contains(geo.country),
            Self::Known => is_known(geo.country),
            Self::Unknown => !is_known(geo.country),
        }
    }
}

/// Whether a country code says where somebody is: `XX`, `ZZ`, `T1` (Tor) and nothing do not.
#[must_use]
pub fn is_known(country: &str) -> bool {
    !matches!(country, "XX" | "ZZ") && place_of(country).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_countries_is_written_as_codes() {
        let set = Countries::try_from("NZ AU AA ZZ".to_owned()).unwrap();
        assert_eq!(String::from(set.clone()), "AA AU NZ ZZ");
        assert!(set.contains("NZ") && !set.contains("NY") && !set.contains("nz") && !set.contains(""));
        assert!(Countries::try_from("NZL".to_owned()).is_err());
    }

    #[test]
    fn unknown_countries_are_a_class_of_their_own() {
        for code in ["XX", "T1", "ZZ", "", "nz", "N"] {
            assert!(Place::Unknown.holds(&Geo { country: code, ..Geo::default() }), "{code}");
            assert!(!Place::Known.holds(&Geo { country: code, ..Geo::default() }), "{code}");
        }
        assert!(Place::Known.holds(&Geo { country: "NZ", ..Geo::default() }));
    }
}
