//! `halftone preview VERSION`: a signed link that shows one version of one host for at most a day.

use halftone::config::model::Site;
use halftone::preview;
use halftone::visitor::Keys;

use super::load::load_valid;
use super::{ConfigFile, Failure, now_s};

#[derive(clap::Args)]
pub struct Preview {
    /// Id of the version to show.
    #[arg(id = "shown", value_name = "VERSION")]
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
    let no_address = || format!("--url {url}: not an http(s) address; write it whole, like https://shop.example/");
    let address = halftone::route::Address::parse(url).ok_or_else(no_address)?;
    let site = site_of(config, address.host).ok_or_else(|| "the config has no site for this host".to_owned())?;
    if !site.versions.iter().any(|known| known.id == version) {
        let known: Vec<&str> = site.versions.iter().map(|version| version.id.as_str()).collect();
        return Err(Failure::Other(format!("site `{}` has no version `{version}`; it has {}", site.name, known.join(", "))));
    }
    preview::link(keys, &site.name, url, version, expiry_s).ok_or_else(|| Failure::Other(no_address()))
}

fn site_of<'a>(config: &'a halftone::config::model::Config, host: &str) -> Option<&'a Site> {
    let hosts = config.sites.iter().map(|site| site.hosts.as_slice());
    config.sites.get(halftone::plan::site_at(hosts, host).unwrap_or(config.default_site))
}

/// The signing secret.
pub fn secret() -> Result<String, Failure> {
    setting("HALFTONE_KEYS").ok_or_else(|| {
        "no signing secret: set HALFTONE_KEYS to the value of the Worker's secret (locally, `make dev` writes one to .dev.vars)"
            .to_owned()
            .into()
    })
}

/// A secret by name: from the environment, or from the `.dev.vars` that local runs use.
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().or_else(|| {
        let text = std::fs::read_to_string(".dev.vars").unwrap_or_default();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(value.trim().trim_matches('"').to_owned())
    })
}
