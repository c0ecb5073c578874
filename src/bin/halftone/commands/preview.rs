//! `halftone preview VERSION`: a signed link that shows one version of one host for at most a day.

use halftone::config::model::Site;
use halftone::preview;
use halftone::visitor::Keys;

use super::load::load_valid;
use super::{ConfigFile, Failure, now_s};

#[derive(clap::Args)]
pub struct Preview {
    /// Id of the version to show.
    version: String,
    #[command(flatten)]
    file: ConfigFile,
    /// Address to open, with the host the link is for.
    #[arg(long, default_value = "http://127.0.0.1:8787/")]
    url: String,
    /// Minutes the link lives, at most 1440.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// Print the link as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Preview) -> Result<(), Failure> {
    let (config, _) = load_valid(&command.file)?;
    let keys = Keys::read(&secret()?)?;
    if !(1..=preview::LONGEST_S / 60).contains(&command.minutes) {
        return Err(Failure::Other(format!(
            "--minutes {}: a preview link lives 1 to {} minutes",
            command.minutes,
            preview::LONGEST_S / 60
        )));
    }
    let expiry_s = now_s() + command.minutes * 60;
    let link = link(&config, &keys, &command.url, &command.version, expiry_s)?;
    if command.json {
        println!("{}", serde_json::json!({ "url": link, "version": command.version, "expires_s": expiry_s }));
    } else {
        println!("{link}");
    }
    Ok(())
}

/// The link that shows `version` at `url`.
pub fn link(
    config: &halftone::config::model::Config,
    keys: &Keys,
    url: &str,
    version: &str,
    expiry_s: u64,
) -> Result<String, Failure> {
    let address = halftone::route::Address::parse(url)
        .ok_or_else(|| format!("--url {url}: not an http(s) address; write it whole, like https://shop.example/"))?;
    let site = site_of(config, address.host).ok_or_else(|| "the config has no site for this host".to_owned())?;
    if !site.versions.iter().any(|known| known.id == version) {
        let known: Vec<&str> = site.versions.iter().map(|version| version.id.as_str()).collect();
        return Err(Failure::Other(format!("site `{}` has no version `{version}`; it has {}", site.name, known.join(", "))));
    }
    let token = preview::mint(keys, &site.name, address.host, version, expiry_s);
    let joint = if address.query.is_empty() { "?" } else { "&" };
    let base = if url.ends_with(address.authority) { format!("{url}/") } else { url.to_owned() };
    Ok(format!("{base}{joint}{}={token}", preview::PARAMETER))
}

fn site_of<'a>(config: &'a halftone::config::model::Config, host: &str) -> Option<&'a Site> {
    let named = config.sites.iter().find(|site| site.hosts.iter().any(|pattern| halftone::plan::host_matches(pattern, host)));
    named.or_else(|| config.sites.get(config.default_site))
}

/// The signing secret: from the environment, or from the `.dev.vars` that local runs use.
pub fn secret() -> Result<String, Failure> {
    if let Ok(secret) = std::env::var("HALFTONE_KEYS") {
        return Ok(secret);
    }
    let text = std::fs::read_to_string(".dev.vars").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("HALFTONE_KEYS="))
        .map(|value| value.trim().trim_matches('"').to_owned())
        .ok_or_else(|| {
            "no signing secret: set HALFTONE_KEYS to the value of the Worker's secret (locally, `make dev` writes one to .dev.vars)".to_owned().into()
        })
}
