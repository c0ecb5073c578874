//! `halftone publish`: a changed config comes into force without a deploy, if nothing else has changed meanwhile.

use halftone::plan::shares::Class;
use serde_json::{Value, json};

use super::admin::Admin;
use super::in_force::{InForce, Over, print};
use super::load::load_valid;
use super::plan::table;
use super::steer::sentence;
use super::{ConfigFile, Failure};

#[derive(clap::Args)]
pub struct Publish {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    admin: Admin,
    /// Why, for the record of changes.
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// The revision this config was made from; the one in force unless given. If another one is in force, nothing is done.
    #[arg(long, value_name = "REVISION")]
    parent: Option<u64>,
    /// Only show what would change and who would move.
    #[arg(long)]
    dry_run: bool,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Publish) -> Result<(), Failure> {
    let (config, builds) = load_valid(&command.file)?;
    let admin = &command.admin;
    let live = InForce::ask(admin)?;
    let over = Over::compile(&config, &builds, std::slice::from_ref(&live))?;
    let offer = over.of(&live.site)?;
    if command.dry_run || !command.json {
        let answer = admin.post("/api/v1/foresee", &json!({ "offer": offer }).to_string())?;
        if command.json {
            println!("{}", answer.trim_end());
            return Ok(());
        }
        println!("site {}, revision {} is in force:", live.site, live.revision);
        print(&live.changes(offer));
        if let Some(site) = over.plan.sites.iter().find(|site| site.name == live.site) {
            let preview = read(&answer)?;
            let classes = preview.get("classes").cloned().unwrap_or_default();
            table(site, &serde_json::from_value::<Vec<Class>>(classes).unwrap_or_default());
            for decision in preview.get("decisions").and_then(Value::as_array).into_iter().flatten().filter(|_| command.dry_run) {
                anstream::println!("would be {}", sentence(decision));
            }
        }
    }
    if command.dry_run {
        return Ok(());
    }
    let parent = command.parent.unwrap_or(live.revision);
    // What can not be read now was read a moment ago; then the text is not sent along.
    let mut body = json!({ "offer": offer, "parent": parent, "parent_config": live.newest(), "why": command.why });
    if let (Ok(source), Some(body)) = (std::fs::read_to_string(&command.file.path), body.as_object_mut()) {
        body.insert("source".to_owned(), source.into());
    }
    let answer = admin.post("/api/v1/publish", &body.to_string())?;
    if command.json {
        println!("{}", answer.trim_end());
        return Ok(());
    }
    let decisions = read(&answer)?.get("decisions").and_then(Value::as_array).cloned().unwrap_or_default();
    if decisions.is_empty() {
        println!("this is in force already; nothing was done");
    }
    for decision in &decisions {
        anstream::println!("{}", sentence(decision));
    }
    Ok(())
}

fn read(answer: &str) -> Result<Value, Failure> {
    serde_json::from_str(answer).map_err(|error| Failure::Other(format!("the answer can not be read: {error}")))
}
