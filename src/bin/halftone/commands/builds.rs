//! `halftone builds`: the uploaded builds of a site; `drop` takes one out, `pull` writes the list of its files beside the config.

use std::path::PathBuf;

use halftone::config::manifest::Manifest;
use indicatif::HumanBytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Failure;
use super::admin::Admin;
use super::deploy::{read, text, write_copy};

#[derive(clap::Args)]
pub struct Builds {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    admin: Admin,
    /// Print it as JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum What {
    /// Take a build out of the bucket; one that the deployed config names stays.
    Drop {
        /// Id of the version.
        id: String,
    },
    /// Write the list of a build's files beside the config, where it was uploaded from elsewhere.
    Pull {
        /// Id of the version.
        id: String,
        /// The config.
        #[arg(long, value_name = "CONFIG", default_value = "halftone.json")]
        config: PathBuf,
    },
}

pub fn run(command: &Builds) -> Result<(), Failure> {
    let Builds { what, admin, json } = command;
    match what {
        None => {
            let answer = admin.get("/api/v1/builds")?;
            print!("{}", if *json { format!("{}\n", answer.trim_end()) } else { table(&read(&answer)?) });
        }
        Some(What::Drop { id }) => {
            let answer = admin.post("/api/v1/builds/drop", &json!({ "version": id }).to_string())?;
            let blobs = read(&answer)?.get("blobs").and_then(Value::as_u64).unwrap_or(0);
            let contents = if blobs == 1 { "content" } else { "contents" };
            let said = format!("{id} is gone, and {blobs} {contents} that no other build has");
            println!("{}", if *json { answer.trim_end() } else { &said });
        }
        Some(What::Pull { id, config }) => {
            let answer = read(&admin.get_with("/api/v1/builds/manifest", &[("version", id)])?)?;
            let manifest = answer.get("manifest").map(ToString::to_string).unwrap_or_default();
            let copy = write_copy(config, &Manifest::read(&manifest)?)?;
            let said = json!({ "version": id, "manifest": copy.display().to_string() });
            println!("{}", if *json { said.to_string() } else { format!("{id}: {}", copy.display()) });
        }
    }
    Ok(())
}

fn table(answer: &Value) -> String {
    let builds = answer.get("builds").and_then(Value::as_array).cloned().unwrap_or_default();
    if builds.is_empty() {
        return "no build has been uploaded; `halftone deploy DIR` uploads one\n".to_owned();
    }
    let number = |build: &Value, name: &str| build.get(name).and_then(Value::as_u64).unwrap_or(0);
    let line = |build: &Value| {
        let uploaded = Timestamp::from_millisecond(i64::try_from(number(build, "uploaded_ms")).unwrap_or(0)).unwrap_or_default();
        let use_now = if build.get("in_use") == Some(&Value::Bool(true)) { "in use" } else { "" };
        let (files, bytes) = (number(build, "files"), HumanBytes(number(build, "bytes")).to_string());
        format!("{:<20} {uploaded:.0} {files:>6} files {bytes:>11} {:<12} {use_now}", text(build, "version"), text(build, "by"))
    };
    builds.iter().map(|build| format!("{}\n", line(build).trim_end())).collect()
}
