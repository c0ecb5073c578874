//! Reading a config with its builds from the disk, the same for every command.

use std::path::{Path, PathBuf};

use halftone::config::deployment::{self, Deployment, Finding};
use halftone::config::{Builds, Checked, Problem, Severity, check, model::Config, sources};
use halftone::plan::compile::{self, Listings};

use super::{ConfigFile, Failure, paint};

/// A config file that was read and checked.
pub struct Loaded {
    /// Config and problems.
    pub checked: Checked,
    /// What its builds hold.
    pub builds: Builds,
    /// What wrangler's file beside it lacks.
    pub findings: Vec<Finding>,
    /// The name of that file.
    pub wrangler: &'static str,
}

/// Reads and checks a config and the builds it names.
pub fn load(file: &ConfigFile) -> Result<Loaded, Failure> {
    let text = std::fs::read(&file.path).map_err(|error| {
        format!("{} can not be read: {error} — name the config file: `halftone check path/to/halftone.json`", file.path.display())
    })?;
    let folder = file.path.parent().unwrap_or(Path::new(""));
    let (wrangler, deployment) = deployment(folder)?.unzip();
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
    Ok(Loaded { checked, builds, findings, wrangler: wrangler.unwrap_or_default() })
}

/// The first of wrangler's files beside a config, if there is one, and its name.
fn deployment(folder: &Path) -> Result<Option<(&'static str, Deployment)>, Failure> {
    for name in deployment::NAMES {
        let path = folder.join(name);
        if let Ok(text) = std::fs::read_to_string(&path) {
            let read = Deployment::read(name, &text).map_err(|error| format!("{}: {error}", path.display()))?;
            return Ok(Some((name, read)));
        }
    }
    Ok(None)
}

/// What is to be known about a config that is valid all the same.
pub struct Remarks {
    /// The checker's warnings.
    pub problems: Vec<Problem>,
    /// What wrangler's file lacks.
    pub findings: Vec<Finding>,
    wrangler: &'static str,
}

impl Remarks {
    /// All of them, a line each.
    pub fn print(&self, file: &ConfigFile) {
        let name = file.path.display();
        for problem in &self.problems {
            paint::line(&format!("{name}:{problem}"), paint::of(problem.severity));
        }
        for finding in &self.findings {
            paint::line(&format!("{}: warning: {finding}", self.wrangler), paint::of(Severity::Warning));
        }
    }
}

/// Like [`load`], for commands that need a config without errors; prints the problems otherwise.
pub fn load_valid(file: &ConfigFile) -> Result<(Config, Builds), Failure> {
    load_with_remarks(file).map(|(config, builds, _)| (config, builds))
}

/// Like [`load_valid`], with what else is to be known about the config.
pub fn load_with_remarks(file: &ConfigFile) -> Result<(Config, Builds, Remarks), Failure> {
    let Loaded { checked, builds, findings, wrangler } = load(file)?;
    if let Some(config) = checked.config {
        return Ok((config, builds, Remarks { problems: checked.problems, findings, wrangler }));
    }
    for problem in &checked.problems {
        paint::error_line(&format!("{}:{problem}", file.path.display()), paint::of(problem.severity));
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
