//! Areas as text, `NZ`, `US-CA`, `continent:OC`, and whether the world has them.

use super::model::Area;
use super::objects::CONTINENTS;
use super::problem::Code;
use super::report::{Report, found, listed};
use super::shape::Refusal;
use super::territory;
use super::tree::Place;

/// Reads an area by its spelling alone; whether it exists is asked by [`resolve`].
pub fn parse(text: &str) -> Option<Area> {
    let capitals = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_uppercase());
    match text {
        "elsewhere" => return Some(Area::Elsewhere),
        "unknown" => return Some(Area::Unknown),
        "EU" => return Some(Area::EuropeanUnion),
        code if territory::is_unknown(code) && (code == "T1" || capitals(code, 2)) => return Some(Area::Unknown),
        _ => {}
    }
    if let Some(code) = text.strip_prefix("continent:") {
        return capitals(code, 2).then(|| Area::Continent(code.to_owned()));
    }
    if let Some(code) = text.strip_prefix("colo:") {
        return capitals(code, 3).then(|| Area::Colo(code.to_owned()));
    }
    if let Some((country, region)) = text.split_once('-') {
        let is_part = (1..=3).contains(&region.len()) && region.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        return (capitals(country, 2) && is_part).then(|| Area::Region(country.to_owned(), region.to_owned()));
    }
    capitals(text, 2).then(|| Area::Country(text.to_owned()))
}

/// Whether the text is spelled as `country` conditions are.
pub fn is_country_like(text: &str) -> bool {
    matches!(parse(text), Some(Area::Country(_) | Area::EuropeanUnion | Area::Continent(_) | Area::Unknown))
}

/// Whether the text is spelled as `region` conditions are.
pub fn is_region_like(text: &str) -> bool {
    matches!(parse(text), Some(Area::Region(..)))
}

/// Whether the text is spelled as `colo` conditions are.
pub fn is_colo_like(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// What a text was meant to be where any area can stand.
pub fn explain_area(text: &str) -> Option<Refusal> {
    explain(text, |text| parse(text).is_some())
}

/// What a text was meant to be where a country can stand.
pub fn explain_country(text: &str) -> Option<Refusal> {
    let upper = text.trim().to_uppercase().replace('_', "-");
    let (what, key) = match parse(&upper) {
        Some(area @ Area::Region(..)) if exists(&area) => ("is a region", "region"),
        _ if text.trim().to_lowercase().starts_with("colo:") => ("is a data centre", "colo"),
        _ => match (explain(text, is_country_like), named_region(text)) {
            (None, Some(_)) => ("is a region", "region"),
            (explained, _) => return explained,
        },
    };
    Some(Refusal::new(format!("{what}, not a country")).fix(format!("ask for it with the key `{key}`")))
}

/// What a text was meant to be where a region can stand.
pub fn explain_region(text: &str) -> Option<Refusal> {
    explain(text, is_region_like)
}

/// What a text was meant to be where a data centre can stand.
pub fn explain_colo(text: &str) -> Option<Refusal> {
    explain(text.strip_prefix("colo:").unwrap_or(text), is_colo_like)
}

fn explain(text: &str, fits: fn(&str) -> bool) -> Option<Refusal> {
    let upper = text.trim().to_uppercase().replace(['_', ' '], "-");
    let mut guesses = vec![upper.clone()];
    if let Some((kind, code)) = text.trim().split_once(':') {
        guesses.push(format!("{}:{}", kind.trim().to_lowercase(), code.trim().to_uppercase()));
    }
    guesses.push(text.trim().to_lowercase());
    match text.trim().to_lowercase().as_str() {
        "europe" => guesses.push("continent:EU".to_owned()),
        "*" | "all" | "rest" | "other" | "others" | "else" | "default" | "everywhere" => guesses.push("elsewhere".to_owned()),
        _ => guesses.push(format!("continent:{upper}")),
    }
    guesses.extend(territory::suggest_country(text.trim()).map(str::to_owned));
    guesses.extend(named_region(text));
    guesses.push(format!("colo:{upper}"));
    let meant = guesses.into_iter().find(|guess| fits(guess) && parse(guess).is_none_or(|area| exists(&area)))?;
    Some(Refusal::new("is not written as a code").fix(format!("did you mean `{meant}`?")))
}

/// The region of a text whose country is written first, by code or by name, and its part by name: `US-California`.
fn named_region(text: &str) -> Option<String> {
    let (country, region) = ['-', '_', ' '].iter().find_map(|joint| text.trim().split_once(*joint))?;
    territory::suggest_country(country).and_then(|code| territory::suggest_region(code, region))
}

/// Whether the world has this area. Data centres open every month, so any three letters may be one.
fn exists(area: &Area) -> bool {
    match area {
        Area::Country(code) => territory::country(code).is_some(),
        Area::Region(country, region) => territory::has_region(country, region),
        Area::Continent(code) => CONTINENTS.iter().any(|word| word.text == code),
        Area::Colo(_) | Area::EuropeanUnion | Area::Elsewhere | Area::Unknown => true,
    }
}

/// The area a text names, if the world has it; reports it otherwise, and codes that stand for `unknown`.
pub fn resolve(text: &str, start: usize, place: &Place, report: &mut Report<'_>) -> Option<Area> {
    let area = parse(text)?;
    if area == Area::Unknown && text != "unknown" {
        let what = if text == "T1" { "Tor, which hides the country" } else { "no known country" };
        let words = found(text, format!("stands for {what}, and is read as `unknown`")).fix("write `unknown`");
        report.add_at(Code::UnknownPlaceCode, start, place, words);
    }
    if exists(&area) {
        return Some(area);
    }
    let (code, words) = match &area {
        Area::Region(country, region) if territory::country(country).is_some() => {
            let words = found(text, format!("is not a region of {} in ISO 3166-2", named(country)));
            let near = territory::suggest_region(country, region).map(|near| format!("did you mean `{near}`?"));
            (Code::UnknownRegion, words.maybe_fix(near))
        }
        Area::Region(country, region) => {
            let near = territory::suggest_country(country).filter(|near| territory::has_region(near, region));
            let words = found(text, format!("begins with `{country}`, which is not a country of ISO 3166-1"));
            (Code::UnknownCountry, words.maybe_fix(near.map(|near| format!("did you mean `{near}-{region}`?"))))
        }
        Area::Continent(_) => {
            let known = || CONTINENTS.iter().map(|word| format!("continent:{}", word.text));
            let words = found(text, "is not a continent").fix(format!("the continents are {}", listed(known(), "and", 7)));
            (Code::UnknownValue, words)
        }
        _ => {
            let words = found(text, "is not a country of ISO 3166-1");
            let continent = CONTINENTS.iter().find(|word| word.text == text).map(|word| format!("continent:{}", word.text));
            let near = continent.or_else(|| territory::suggest_country(text).map(str::to_owned));
            (Code::UnknownCountry, words.maybe_fix(near.map(|near| format!("did you mean `{near}`?"))))
        }
    };
    report.add_at(code, start, place, words);
    None
}

fn named(country: &str) -> String {
    territory::country(country).map_or_else(|| country.to_owned(), |known| format!("{} ({country})", known.name))
}

/// The wider areas that share visitors with this one, from the most to the least specific. A data centre has none: it
/// serves people from anywhere.
pub fn wider(area: &Area) -> Vec<Area> {
    let mut wider = Vec::new();
    let country = match area {
        Area::Region(country, _) => {
            wider.push(Area::Country(country.clone()));
            Some(country)
        }
        Area::Country(country) => Some(country),
        _ => None,
    };
    if let Some(known) = country.and_then(|code| territory::country(code)) {
        wider.extend(known.in_eu.then_some(Area::EuropeanUnion));
        wider.push(Area::Continent(known.continent.to_owned()));
    }
    if *area == Area::EuropeanUnion {
        // Whatever continents the data gives its members, which is Europe for each of them today.
        let mut continents: Vec<&str> = territory::eu_members().map(|member| member.continent).collect();
        continents.sort_unstable();
        continents.dedup();
        wider.extend(continents.into_iter().map(|code| Area::Continent(code.to_owned())));
    }
    if matches!(area, Area::Region(..) | Area::Country(_) | Area::EuropeanUnion | Area::Continent(_)) {
        wider.push(Area::Elsewhere);
    }
    wider
}

/// Whether every visitor of `inner` is one of `outer`'s.
pub fn within(inner: &Area, outer: &Area) -> bool {
    match (inner, outer) {
        _ if inner == outer => true,
        (Area::EuropeanUnion, Area::Continent(code)) => territory::eu_members().all(|member| member.continent == code),
        _ => wider(inner).contains(outer),
    }
}

/// Whether no visitor can be in both.
pub fn disjoint(a: &Area, b: &Area) -> bool {
    match (a, b) {
        (Area::Colo(a), Area::Colo(b)) => a != b,
        (Area::Colo(_), _) | (_, Area::Colo(_)) => false,
        _ => a != b && !wider(a).contains(b) && !wider(b).contains(a),
    }
}
