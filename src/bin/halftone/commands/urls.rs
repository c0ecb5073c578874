//! `halftone urls`: what to open while the Worker runs locally, one line for each version and each rule.

use halftone::config::model::{Area, Condition, Config, Rule};
use halftone::visitor::Keys;

use super::load::load_valid;
use super::preview::{link, secret};
use super::{ConfigFile, Failure, now_s};

#[derive(clap::Args)]
pub struct Urls {
    #[command(flatten)]
    file: ConfigFile,
    /// The port the Worker listens on.
    #[arg(long, default_value_t = 8787)]
    port: u16,
}

pub fn run(command: &Urls) -> Result<(), Failure> {
    let (config, _) = load_valid(&command.file)?;
    let base = format!("http://127.0.0.1:{}/", command.port);
    let mut lines = vec![("a new visitor in every private window".to_owned(), base.clone())];
    if let Some(site) = config.sites.get(config.default_site) {
        if let Ok(keys) = secret().and_then(|secret| Ok(Keys::read(&secret)?)) {
            for version in &site.versions {
                let shown = link(&config, &keys, &base, &version.id, now_s() + halftone::preview::LONGEST_S - 60)?;
                lines.push((format!("preview of {}, marked, for a day", version.id), shown));
            }
        }
        for rule in &site.rules {
            lines.push((format!("rule {}", rule.name), example(rule, &config, &base)));
        }
    }
    if config.admin_host.as_deref() == Some("localhost") {
        lines.push(("the dashboard".to_owned(), format!("http://localhost:{}/", command.port)));
    }
    lines.push(("is it well?".to_owned(), format!("{base}{}/health", config.prefix.trim_start_matches('/'))));
    let width = lines.iter().map(|line| line.0.chars().count()).max().unwrap_or(0);
    for (what, url) in lines {
        println!("  {what:width$}  {url}");
    }
    Ok(())
}

/// A request that meets a rule: by address if a query can do it, else as a curl command with the header it needs.
fn example(rule: &Rule, config: &Config, base: &str) -> String {
    if let Some(query) = query(&rule.when) {
        return format!("{base}?{query}");
    }
    match headers(&rule.when, config) {
        Some(header) => format!("curl -i -H 'Accept: text/html' -H '{header}' {base}"),
        None => base.to_owned(),
    }
}

fn query(when: &Condition) -> Option<String> {
    match when {
        Condition::Query(name, globs) => Some(format!("{name}={}", globs.first()?.as_str().replace('*', "1"))),
        Condition::Any(parts) => parts.iter().find_map(query),
        Condition::All(parts) if parts.len() == 1 => parts.iter().find_map(query),
        _ => None,
    }
}

fn headers(when: &Condition, config: &Config) -> Option<String> {
    match when {
        Condition::Area(areas) => {
            let header = config.geo_headers.get(&halftone::plan::Fact::Country)?;
            let country = areas.iter().find_map(|area| if let Area::Country(code) = area { Some(code) } else { None })?;
            Some(format!("{header}: {country}"))
        }
        Condition::Cookie(name, globs) => Some(format!("Cookie: {name}={}", globs.first()?.as_str().replace('*', "1"))),
        Condition::Header(name, globs) => Some(format!("{name}: {}", globs.first()?.as_str().replace('*', "1"))),
        Condition::Any(parts) => parts.iter().find_map(|part| headers(part, config)),
        _ => None,
    }
}
