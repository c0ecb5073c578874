//! `halftone deploy DIR`: a build is uploaded under the hashes of its contents, and becomes a version that a config can name.
//!
//! What the bucket has already is not sent. The manifest goes last, so a version is there whole or not at all; whoever runs
//! the command again after a failure sends what is still missing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use halftone::config::manifest::{Content, Entry, Manifest, Page, Scanned};
use halftone::config::tag::Tag;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use jsonc_parser::cst::{CstInputValue, CstRootNode};
use serde_json::{Value, json};

use super::admin::Admin;
use super::{Failure, now_s};

#[derive(clap::Args)]
pub struct Deploy {
    /// The folder of the build.
    dir: PathBuf,
    /// Id of the version; the short commit id of the repository the folder is in, unless given.
    #[arg(long = "version", value_name = "ID")]
    id: Option<String>,
    /// The config; beside it the list of the build's files is written.
    #[arg(long, value_name = "CONFIG", default_value = "halftone.json")]
    config: PathBuf,
    /// Put the version into the config.
    #[arg(long)]
    add: bool,
    /// Leave pages as they are: the edge puts the page script into them as they pass.
    #[arg(long)]
    no_tag: bool,
    /// Afterwards drop older builds that no deployed config names, all but so many of the newest.
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
    #[command(flatten)]
    admin: Admin,
    /// Print what was done as JSON.
    #[arg(long)]
    json: bool,
}

/// How many pages are named one by one.
const MOST_SHOWN: usize = 5;

/// How many contents are on their way at a time: enough to hide the distance, few enough for any line.
const SENDERS: usize = 6;

/// How many hashes the other side looks up at a time.
const ASKED: usize = 40;

/// How often what is missing is sent before it is given up.
const ROUNDS: usize = 3;

pub fn run(command: &Deploy) -> Result<(), Failure> {
    let id = command.id.clone().map_or_else(|| commit_of(&command.dir), Ok)?;
    if !command.dir.is_dir() {
        return Err(Failure::Other(format!(
            "{} is no folder: build the site first, then name its folder",
            command.dir.display()
        )));
    }
    let there = read(&command.admin.get("/api/v1/builds")?)?;
    let (site, tag) = (text(&there, "site"), Tag { prefix: text(&there, "tag") });
    let page = |page: &[u8]| tag.put_into(page);
    let tagged: Option<(&str, Page<'_>)> = (!command.no_tag && !tag.prefix.is_empty()).then_some((&tag.prefix, &page));
    let scanned = Manifest::scan(&command.dir, &site, &id, now_s(), tagged)
        .map_err(|why| format!("{} can not be uploaded: {why}", command.dir.display()))?;
    let sent = send_missing(command, &scanned, &tag)?;
    let body = serde_json::to_string(&scanned.manifest).map_err(|error| error.to_string())?;
    let registered = read(&command.admin.post("/api/v1/builds/register", &body)?)?;
    // Somebody may have dropped another build, and a content with it, while this was on its way.
    let late = send_missing(command, &scanned, &tag)?;
    let copy = write_copy(&command.config, &scanned.manifest)?;
    let origin = format!("r2:BUILDS/@{site}/{id}");
    if command.add {
        add(&command.config, &site, &id, &origin)?;
    }
    let dropped = command.keep.map_or_else(|| Ok(Vec::new()), |keep| prune(&command.admin, keep))?;
    let is_new = registered.get("is_new") == Some(&Value::Bool(true));
    let (files, contents) = (scanned.manifest.files.len(), sent.contents + late.contents);
    let barred = &scanned.barred;
    if command.json {
        let done = json!({
            "site": site, "version": id, "origin": origin, "is_new": is_new, "files": files, "sent": contents,
            "sent_bytes": sent.bytes + late.bytes, "manifest": copy.display().to_string(), "dropped": dropped,
            "tagged": scanned.manifest.tagged.is_some(), "untagged_for_their_policy": barred,
        });
        println!("{done}");
        return Ok(());
    }
    let already = if is_new { "" } else { " (it was there already)" };
    println!("{id}: {files} files, {contents} sent ({}){already}", HumanBytes(sent.bytes + late.bytes));
    println!("its list of files: {}", copy.display());
    for page in barred.iter().take(MOST_SHOWN) {
        println!(
            "{page} stays as it is: its content security policy keeps the page script out, or names what only the edge knows"
        );
    }
    if barred.len() > MOST_SHOWN {
        println!("... and {} more", barred.len() - MOST_SHOWN);
    }
    for version in dropped {
        println!("dropped {version}");
    }
    if command.add {
        println!(
            "{} names it now; `halftone check` looks at it, a deploy of the Worker takes it along",
            command.config.display()
        );
    } else {
        println!("name it in `versions` of {}: \"{id}\": \"{origin}\"", command.config.display());
    }
    Ok(())
}

/// What was sent.
#[derive(Default)]
struct Sent {
    contents: usize,
    bytes: u64,
}

fn send_missing(command: &Deploy, scanned: &Scanned, tag: &Tag) -> Result<Sent, Failure> {
    let mut sent = Sent::default();
    let mut first = None;
    for _ in 0..ROUNDS {
        let missing = missing(&command.admin, scanned)?;
        if missing.is_empty() {
            return Ok(sent);
        }
        let (round, failure) = send(&command.admin, scanned, &missing, tag);
        sent.contents += round.contents;
        sent.bytes += round.bytes;
        first = first.or(failure);
    }
    let why = first.unwrap_or_else(|| "contents that were sent are not there".to_owned());
    Err(Failure::Other(format!("the upload is not complete: {why}. Run the command again: what has arrived is not sent again")))
}

/// Which contents the bucket lacks.
fn missing(admin: &Admin, scanned: &Scanned) -> Result<Vec<String>, Failure> {
    let hashes: Vec<&String> = scanned.contents.keys().collect();
    let lists: Vec<&[&String]> = hashes.chunks(ASKED).collect();
    let answers = in_parallel(&lists, |list| {
        let answer = read(&admin.post("/api/v1/builds/missing", &json!({ "hashes": list }).to_string())?)?;
        let missing = answer.get("missing").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(missing.iter().filter_map(|hash| hash.as_str().map(str::to_owned)).collect::<Vec<_>>())
    });
    let mut all = Vec::new();
    for answer in answers {
        all.extend(answer?);
    }
    Ok(all)
}

fn send(admin: &Admin, scanned: &Scanned, missing: &[String], tag: &Tag) -> (Sent, Option<String>) {
    let sizes = |hash: &String| scanned.manifest.files.values().find(|Entry(known, ..)| known == hash).map_or(0, |entry| entry.1);
    let bar = ProgressBar::new(missing.iter().map(sizes).sum());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left") {
        bar.set_style(style);
    }
    let answers = in_parallel(missing, |hash| {
        let found = scanned.contents.get(hash).ok_or_else(|| format!("nothing here has the hash {hash}"))?;
        let Content { file, is_tagged } = found;
        let content = std::fs::read(file).map_err(|error| format!("{} can not be read: {error}", file.display()))?;
        let changed = |_| format!("{} has changed while it was sent: run the command again", file.display());
        let content = if *is_tagged { tag.put_into(&content).map_err(changed)? } else { content };
        admin.put("/api/v1/builds/blob", &[("sha256", hash)], &content)?;
        bar.inc(content.len() as u64);
        Ok(content.len() as u64)
    });
    bar.finish_and_clear();
    let mut sent = Sent::default();
    let mut first = None;
    for answer in answers {
        match answer {
            Ok(bytes) => {
                sent.contents += 1;
                sent.bytes += bytes;
            }
            Err(Failure::Other(why)) => first = first.or(Some(why)),
            Err(_) => {}
        }
    }
    (sent, first)
}

/// Does something with each item, [`SENDERS`] at a time; answers are in no order.
fn in_parallel<T: Sync, R: Send>(items: &[T], each: impl Fn(&T) -> Result<R, Failure> + Sync) -> Vec<Result<R, Failure>> {
    let (waiting, answers) = (Mutex::new(items.iter()), Mutex::new(Vec::with_capacity(items.len())));
    std::thread::scope(|scope| {
        for _ in 0..SENDERS.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let Some(item) = waiting.lock().ok().and_then(|mut waiting| waiting.next()) else { return };
                    let answer = each(item);
                    if let Ok(mut answers) = answers.lock() {
                        answers.push(answer);
                    }
                }
            });
        }
    });
    answers.into_inner().unwrap_or_default()
}

/// The copy of the manifest that `check` and `compile` read.
pub fn write_copy(config: &Path, manifest: &Manifest) -> Result<PathBuf, Failure> {
    let folder = config.parent().unwrap_or(Path::new(""));
    let path = folder.join(Manifest::place(&format!("{}/{}", manifest.site, manifest.version)));
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| {
        // One that lists the same files stays as it is, whenever it was made.
        let before = std::fs::read_to_string(&path).ok().and_then(|text| Manifest::read(&text).ok());
        if before.is_some_and(|before| before.files == manifest.files) {
            return Ok(());
        }
        std::fs::write(&path, manifest.write())
    });
    written.map_err(|error| format!("{} can not be written: {error}", path.display()))?;
    Ok(path)
}

/// Puts a version into a config, and leaves the rest of the text as it is.
fn add(path: &Path, site: &str, id: &str, origin: &str) -> Result<(), Failure> {
    let cannot = |why: &str| format!("{} can not be added to {}: {why}", id, path.display());
    let before = std::fs::read_to_string(path).map_err(|error| cannot(&error.to_string()))?;
    let root = CstRootNode::parse(&before, &jsonc_parser::ParseOptions::default()).map_err(|error| cannot(&error.to_string()))?;
    let site_node = root.object_value().and_then(|top| top.object_value("sites")).and_then(|sites| sites.object_value(site));
    let versions = site_node.and_then(|site| site.object_value("versions"));
    let versions = versions.ok_or_else(|| cannot(&format!("it has no `versions` of a site `{site}`")))?;
    if versions.get(id).is_none() {
        versions.append(id, CstInputValue::String(origin.to_owned()));
        std::fs::write(path, root.to_string()).map_err(|error| cannot(&error.to_string()))?;
    }
    Ok(())
}

/// Drops what is older than the newest `keep` and named by no deployed config.
fn prune(admin: &Admin, keep: usize) -> Result<Vec<String>, Failure> {
    let answer = read(&admin.get("/api/v1/builds")?)?;
    let builds = answer.get("builds").and_then(Value::as_array).cloned().unwrap_or_default();
    let old = builds.iter().skip(keep).filter(|build| build.get("in_use") != Some(&Value::Bool(true)));
    let mut dropped = Vec::new();
    for version in old.map(|build| text(build, "version")) {
        admin.post("/api/v1/builds/drop", &json!({ "version": version }).to_string())?;
        dropped.push(version);
    }
    Ok(dropped)
}

/// The commit of the repository that a folder is in; says so if the worktree holds more than it.
fn commit_of(folder: &Path) -> Result<String, Failure> {
    let none = || Failure::Other("which version is it? Say `--version ID`; in a git repository it is the commit".to_owned());
    let git = |words: &[&str]| {
        let said = Command::new("git").arg("-C").arg(folder).args(words).output().ok().filter(|said| said.status.success())?;
        Some(String::from_utf8_lossy(&said.stdout).trim().to_owned())
    };
    let id = git(&["rev-parse", "--short", "HEAD"]).filter(|id| !id.is_empty()).ok_or_else(none)?;
    if git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changed| !changed.is_empty()) {
        eprintln!("note: {id} is the commit, and there are changes that are not committed; `--version ID` names them apart");
    }
    Ok(id)
}

pub fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub fn read(answer: &str) -> Result<Value, Failure> {
    serde_json::from_str(answer).map_err(|error| Failure::Other(format!("the answer can not be read: {error}")))
}
