//! Countries, continents and regions: what the codes in a config may be, and what was probably meant.
//!
//! The data (ISO 3166-1 and 3166-2 as CLDR has them) is one text file made by scripts/territories.mjs. Only the checker
//! and the plan's compiler read it; at the edge a continent is already a set of countries, so none of it is in the Wasm.

use std::sync::LazyLock;

/// A country or territory with a code of its own.
#[derive(Debug)]
pub(crate) struct Country {
    /// ISO 3166-1 alpha-2.
    pub code: &'static str,
    alpha3: &'static str,
    /// `AF AN AS EU NA OC SA`.
    pub continent: &'static str,
    /// Whether it is a member of the European Union.
    pub in_eu: bool,
    /// English name.
    pub name: &'static str,
    /// ISO 3166-2 codes without the country, sorted.
    regions: Vec<&'static str>,
}

static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| include_str!("territory.txt").lines().filter_map(parse).collect());

fn parse(line: &'static str) -> Option<Country> {
    let mut fields = line.split('\t');
    Some(Country {
        code: fields.next()?,
        alpha3: fields.next()?,
        continent: fields.next()?,
        in_eu: fields.next()? == "e",
        name: fields.next()?,
        regions: fields.next()?.split(' ').filter(|code| !code.is_empty()).collect(),
    })
}

/// Every country, by code.
pub(crate) fn countries() -> impl Iterator<Item = &'static Country> {
    COUNTRIES.iter()
}

/// The country with this alpha-2 code.
pub(crate) fn country(code: &str) -> Option<&'static Country> {
    COUNTRIES.binary_search_by(|country| country.code.cmp(code)).ok().and_then(|at| COUNTRIES.get(at))
}

/// The countries of a continent.
pub(crate) fn continent_members(code: &str) -> impl Iterator<Item = &'static Country> {
    countries().filter(move |country| country.continent == code)
}

/// The members of the European Union.
pub(crate) fn eu_members() -> impl Iterator<Item = &'static Country> {
    countries().filter(|country| country.in_eu)
}

/// Whether `region` (without the country) is one of the country's ISO 3166-2 codes.
pub(crate) fn has_region(code: &str, region: &str) -> bool {
    country(code).is_some_and(|country| country.regions.contains(&region))
}

/// Whether a code says that no country is known: `XX` and `T1` (Tor) from CDNs, `ZZ` from CLDR.
pub(crate) fn is_unknown(code: &str) -> bool {
    matches!(code, "XX" | "T1" | "ZZ" | "unknown")
}

/// What people write for a country, beyond its codes and its English name.
const SPELLINGS: &[(&str, &str)] = &[
    ("UK", "GB"),
    ("EN", "GB"),
    ("ENGLAND", "GB"),
    ("SCOTLAND", "GB"),
    ("WALES", "GB"),
    ("BRITAIN", "GB"),
    ("EL", "GR"),
    ("GER", "DE"),
    ("SUI", "CH"),
    ("NED", "NL"),
    ("HOLLAND", "NL"),
    ("DEN", "DK"),
    ("POR", "PT"),
    ("CRO", "HR"),
    ("SLO", "SI"),
    ("GRE", "GR"),
    ("BUL", "BG"),
    ("LAT", "LV"),
    ("RSA", "ZA"),
    ("KSA", "SA"),
    ("UAE", "AE"),
    ("USSR", "RU"),
    ("SU", "RU"),
    ("KOREA", "KR"),
    ("TURKEY", "TR"),
    ("BURMA", "MM"),
    ("CZECH REPUBLIC", "CZ"),
    ("AMERICA", "US"),
    ("AN", "CW"),
    ("YU", "RS"),
    ("CS", "RS"),
    ("ZR", "CD"),
    ("TP", "TL"),
    ("BU", "MM"),
    ("DD", "DE"),
    ("VIET NAM", "VN"),
    ("HONG KONG", "HK"),
    ("MACAU", "MO"),
    ("IVORY COAST", "CI"),
    ("CAPE VERDE", "CV"),
    ("SWAZILAND", "SZ"),
    ("MACEDONIA", "MK"),
];

/// The code that was probably meant: by another spelling, the alpha-3 code, case, or the English name.
pub(crate) fn suggest_country(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let upper = text.to_uppercase();
    let spelled = SPELLINGS.iter().find(|spelling| spelling.0 == upper).map(|spelling| spelling.1);
    let coded = || countries().find(|country| country.code == upper || country.alpha3 == upper).map(|country| country.code);
    let named = || countries().find(|country| country.name.to_uppercase() == upper).map(|country| country.code);
    spelled.or_else(coded).or_else(named).or_else(|| nearly_named(&upper))
}

/// A country whose name begins like this (four letters at least), or is at most two slips away.
fn nearly_named(upper: &str) -> Option<&'static str> {
    if upper.chars().count() < 4 {
        return None;
    }
    let begins = countries().find(|country| country.name.to_uppercase().starts_with(upper));
    let close = || {
        countries()
            .map(|country| (strsim::damerau_levenshtein(&country.name.to_uppercase(), upper), country))
            .filter(|(slips, _)| *slips <= 2)
            .min_by_key(|(slips, _)| *slips)
            .map(|(_, country)| country)
    };
    begins.or_else(close).map(|country| country.code)
}

/// The region that was probably meant, whole (`US-CA`): case, leading zeros, or one slip.
pub(crate) fn suggest_region(code: &str, region: &str) -> Option<String> {
    let country = country(code)?;
    let upper = region.trim().to_uppercase();
    let bare = upper.trim_start_matches('0');
    let same = country.regions.iter().find(|known| **known == upper || known.trim_start_matches('0') == bare);
    let near = || {
        let slips = |known: &&&str| strsim::damerau_levenshtein(known, &upper);
        country.regions.iter().filter(|known| slips(known) <= 1).min_by_key(|known| slips(known))
    };
    same.or_else(near).map(|known| format!("{code}-{known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_every_assigned_country_in_order() {
        assert_eq!(countries().count(), 250, "249 assigned codes and XK");
        assert!(COUNTRIES.is_sorted_by_key(|country| country.code));
        assert_eq!(eu_members().count(), 27);
        for (code, continent) in
            [("NZ", "OC"), ("GB", "EU"), ("US", "NA"), ("BR", "SA"), ("ZA", "AF"), ("JP", "AS"), ("AQ", "AN"), ("MX", "NA")]
        {
            assert_eq!(country(code).unwrap().continent, continent, "{code}");
        }
        assert!(country("UK").is_none() && country("nz").is_none() && country("EU").is_none());
        assert!(continent_members("OC").any(|country| country.code == "NZ"));
    }

    #[test]
    fn regions_belong_to_their_country() {
        assert!(has_region("US", "CA") && has_region("NZ", "AUK") && has_region("GB", "ENG") && !has_region("NZ", "CA"));
        assert_eq!(suggest_region("US", "ca").as_deref(), Some("US-CA"));
        assert_eq!(suggest_region("CY", "1").as_deref(), Some("CY-01"));
        assert_eq!(suggest_region("US", "QQQQ"), None);
    }

    #[test]
    fn what_people_write_leads_to_a_code() {
        for (text, code) in [
            ("UK", "GB"),
            ("uk", "GB"),
            ("EL", "GR"),
            ("nz", "NZ"),
            ("DEU", "DE"),
            ("GER", "DE"),
            ("USA", "US"),
            ("Germany", "DE"),
            ("germnay", "DE"),
            ("New Zeal", "NZ"),
            ("Deutchland", ""),
            ("QQ", ""),
        ] {
            assert_eq!(suggest_country(text).unwrap_or_default(), code, "{text}");
        }
    }
}
