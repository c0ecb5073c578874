//! Reading a config with its builds from the disk, the same for every command.

use std::path::{Path, PathBuf};

use halftone::config::deployment::{Deployment, Finding};
use halftone::config::{Builds, Checked, check, model::Config, sources};
use halftone::plan::compile::{self, Listings};

use super::{ConfigFile, Failure};

/// A config file that was read and checked.
pub struct Loaded {
    /// Config and problems.
    pub checked: Checked,
    /// What its builds hold.
    pub builds: Builds,
    /// What the wrangler.toml beside it lacks.
    pub findings: Vec<Finding>,
}

/// Reads and checks a config and the builds it names.
pub fn load(file: &ConfigFile) -> Result<Loaded, Failure> {
    let text = std::fs::read(&file.path).map_err(|error| {
        format!("{} can not be read: {error} — name the config file: `halftone check path/to/halftone.json`", file.path.display())
    })?;
    let folder = file.path.parent().unwrap_or(Path::new(""));
    let deployment = deployment(folder)?;
    let assets = file.assets.clone().or_else(|| deployment.as_ref().and_then(Deployment::assets_folder));
    let assets = folder.join(assets.unwrap_or_else(|| PathBuf::from("www")));
    // A config with errors still says where its builds are, so that what is wrong with them is said in the same go.
    let builds =
        Builds::scan(folder, &assets, &sources(&text)).map_err(|error| format!("the builds can not be read: {error}"))?;
    let checked = check(&text, &builds);
    let findings = match (&checked.config, deployment) {
        (Some(config), Some(deployment)) => deployment.check(config),
        _ => Vec::new(),
    };
    Ok(Loaded { checked, builds, findings })
}

/// The wrangler.toml beside a config, if there is one.
fn deployment(folder: &Path) -> Result<Option<Deployment>, Failure> {
    let path = folder.join("wrangler.toml");
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
    Deployment::read(&text).map(Some).map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
}

/// Like [`load`], for commands that need a config without errors; prints the problems otherwise.
pub fn load_valid(file: &ConfigFile) -> Result<(Config, Builds), Failure> {
    let Loaded { checked, builds, .. } = load(file)?;
    if let Some(config) = checked.config {
        return Ok((config, builds));
    }
    for problem in &checked.problems {
        eprintln!("{}:{problem}", file.path.display());
    }
    Err(Failure::Config)
}

/// The file lists a plan is compiled with.
pub fn listings(config: &Config, builds: &Builds) -> Listings {
    let files =
        |version| builds.of(version).map(|build| build.files.iter().map(|(path, facts)| (path.clone(), facts.hash)).collect());
    config.sites.iter().map(|site| site.versions.iter().map(files).collect()).collect()
}

/// A plan from a valid config.
pub fn plan(
    config: &Config,
    builds: &Builds,
    previous: Option<&halftone::plan::Plan>,
    revision: u64,
) -> Result<halftone::plan::Plan, Failure> {
    compile::compile(config, &listings(config, builds), previous, revision).map_err(|error| Failure::Other(error.to_string()))
}
