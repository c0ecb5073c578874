//! Countries, continents and regions: what the codes in a config may be, and what was probably meant.
//!
//! The data (ISO 3166-1 and 3166-2 as CLDR has them) is one text file made by scripts/territories.mjs. Continents are what
//! the databases of addresses say, so Cyprus counts to Europe. Only the checker and the plan's compiler read it; at the
//! edge a continent is already a set of countries, so none of it is in the Wasm.

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
    /// By code.
    regions: Vec<Region>,
}

/// A subdivision of a country.
#[derive(Debug)]
struct Region {
    /// ISO 3166-2 without the country.
    code: &'static str,
    /// English name; empty where CLDR has none.
    name: &'static str,
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
        regions: fields
            .map(|field| field.split_once(' ').unwrap_or((field, "")))
            .map(|(code, name)| Region { code, name })
            .collect(),
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
    country(code).is_some_and(|country| country.regions.iter().any(|known| known.code == region))
}

/// Whether a code says that no country is known: `XX` and `T1` (Tor) from CDNs, `ZZ` from CLDR.
pub(crate) fn is_unknown(code: &str) -> bool {
    matches!(code, "XX" | "T1" | "ZZ" | "unknown")
}

/// What people write for a country, beyond its codes and its English name: `code=other,other`. The sporting codes (IOC,
/// FIFA) are those that are no alpha-3 code of another country.
const SPELLINGS: &str = "\
AE=UAE;AG=ANT;AO=ANG;AW=ARU;BB=BAR;BD=BAN;BF=BUR;BG=BUL;BM=BER;BN=BRU;BS=BAH;BT=BHU;BW=BOT;BZ=BIZ;CD=ZR,ZAIRE,DRC;\
CG=CGO;CH=SUI;CI=IVORY COAST;CL=CHI;CR=CRC;CV=CAPE VERDE;CW=AN;CZ=CZECH REPUBLIC;DE=GER,DD;DK=DEN;DZ=ALG;FJ=FIJ;\
GB=UK,EN,ENG,ENGLAND,SCOTLAND,WALES,BRITAIN,GREAT BRITAIN;GD=GRN;GM=GAM;GN=GUI;GQ=GEQ;GR=EL,GRE;GT=GUA;GW=GBS;HK=HONG KONG;\
HN=HON;HR=CRO;HT=HAI;ID=INA;IR=IRI;KH=CAM;KN=SKN;KR=KOREA,SOUTH KOREA;KW=KUW;KY=CAY;LK=SRI;LS=LES;LV=LAT;LY=LBA;MG=MAD;\
MK=MACEDONIA;MM=BU,BURMA,MYA;MN=MGL;MO=MACAU;MR=MTN;MU=MRI;MW=MAW;MY=MAS;NE=NIG;NG=NGR;NI=NCA;NL=NED,HOLLAND;NP=NEP;\
OM=OMA;PH=PHI;PR=PUR;PS=PLE,PALESTINE;PT=POR;PY=PAR;RS=YU,CS,SCG;RU=SU,USSR;SA=KSA;SB=SOL;SC=SEY;SD=SUD;SG=SIN;SI=SLO;\
SV=ESA;SZ=SWAZILAND;TD=CHA;TG=TOG;TL=TP,EAST TIMOR;TO=TGA;TR=TURKEY;TT=TRI;TW=TPE;TZ=TAN;US=AMERICA;UY=URU;VC=VIN;VG=IVB;\
VI=ISV;VN=VIE,VIET NAM;VU=VAN;WS=SAM;ZA=RSA;ZM=ZAM;ZW=ZIM";

/// The country with this spelling, which is in capitals.
fn spelled(upper: &str) -> Option<&'static str> {
    let mut lines = SPELLINGS.split(';').filter_map(|line| line.split_once('='));
    lines.find(|(_, others)| others.split(',').any(|other| other == upper)).map(|(code, _)| code)
}

/// The code that was probably meant: by its case, the alpha-3 code, another spelling, or the English name.
pub(crate) fn suggest_country(text: &str) -> Option<&'static str> {
    let upper = text.trim().to_uppercase();
    let coded = countries().find(|country| country.code == upper || country.alpha3 == upper).map(|country| country.code);
    let named = || countries().find(|country| country.name.to_uppercase() == upper).map(|country| country.code);
    coded.or_else(|| spelled(&upper)).or_else(named).or_else(|| nearly_named(&upper))
}

/// A country whose name is nearly this.
fn nearly_named(upper: &str) -> Option<&'static str> {
    nearest(countries().map(|country| (country.name, country.code)), upper)
}

/// What belongs to the name that begins like this (four letters at least), or is at most two slips away.
fn nearest(names: impl Iterator<Item = (&'static str, &'static str)>, upper: &str) -> Option<&'static str> {
    if upper.chars().count() < 4 {
        return None;
    }
    let named: Vec<(String, &str)> = names.map(|(name, code)| (name.to_uppercase(), code)).collect();
    let begins = named.iter().find(|(name, _)| name.starts_with(upper)).map(|(_, code)| *code);
    let close = || {
        let slips = named.iter().map(|(name, code)| (strsim::damerau_levenshtein(name, upper), *code));
        slips.filter(|(slips, _)| *slips <= 2).min_by_key(|(slips, _)| *slips).map(|(_, code)| code)
    };
    begins.or_else(close)
}

/// The region that was probably meant, whole (`US-CA`): case, leading zeros, one slip, or the English name.
pub(crate) fn suggest_region(code: &str, region: &str) -> Option<String> {
    let country = country(code)?;
    let upper = region.trim().to_uppercase();
    let bare = upper.trim_start_matches('0');
    let codes = || country.regions.iter().map(|region| region.code);
    let same = codes().find(|known| *known == upper || known.trim_start_matches('0') == bare);
    let near = || {
        let slips = codes().map(|known| (strsim::damerau_levenshtein(known, &upper), known));
        slips.filter(|(slips, _)| *slips <= 1).min_by_key(|(slips, _)| *slips).map(|(_, known)| known)
    };
    let named = || nearest(country.regions.iter().map(|region| (region.name, region.code)), &upper.replace(['-', '_'], " "));
    same.or_else(near).or_else(named).map(|known| format!("{}-{known}", country.code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_every_assigned_country_in_order() {
        assert_eq!(countries().count(), 250, "249 assigned codes and XK");
        assert!(COUNTRIES.is_sorted_by_key(|country| country.code));
        assert_eq!(eu_members().count(), 27);
        for (code, continent) in [
            ("NZ", "OC"),
            ("GB", "EU"),
            ("US", "NA"),
            ("BR", "SA"),
            ("ZA", "AF"),
            ("JP", "AS"),
            ("AQ", "AN"),
            ("MX", "NA"),
            ("CY", "EU"),
            ("TR", "AS"),
            ("XK", "EU"),
        ] {
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
        assert_eq!(suggest_region("US", "California").as_deref(), Some("US-CA"));
        assert_eq!(suggest_region("US", "new-yrok").as_deref(), Some("US-NY"));
        assert_eq!(suggest_region("NZ", "auckland").as_deref(), Some("NZ-AUK"));
        assert_eq!(suggest_region("US", "QQQQ"), None);
        assert_eq!(suggest_region("QQ", "CA"), None);
    }

    #[test]
    fn a_spelling_leads_to_a_country_and_hides_no_code() {
        for (code, others) in SPELLINGS.split(';').map(|line| line.split_once('=').unwrap()) {
            assert!(country(code).is_some(), "{code}");
            for other in others.split(',') {
                let coded = countries().find(|country| country.code == other || country.alpha3 == other);
                assert!(coded.is_none(), "{other} is a code of {}", coded.unwrap().name);
            }
        }
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
            ("ger", "DE"),
            ("SUI", "CH"),
            ("ALG", "DZ"),
            ("TUR", "TR"),
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
