//! Reads builds from the disk: which files there are, what they hash to, and signs of service workers.
//!
//! Everything in the folder is a file of the build, as it is to the static-assets platform; only `.git` never is. Symbolic
//! links are followed as long as they stay inside the folder.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::builds::{Build, Builds, FileFacts, ServiceWorker, Sign, Source};
use super::manifest::{FOLDER, Manifest};

/// Nothing published has as many; a link loop or the root of a disk does.
const MOST_FILES: usize = 200_000;

/// Scripts and pages above this size are hashed, but not searched for service workers.
const MOST_SEARCHED_BYTES: usize = 4 << 20;

impl Builds {
    /// Reads what `sources` hold: `base` is the config file's folder, `assets` the folder of the static-assets binding.
    ///
    /// A folder that is not there is no error here; [`super::check`] reports it.
    pub fn scan(base: &Path, assets: &Path, sources: &[Source]) -> io::Result<Self> {
        let mut builds = Self::looked_for();
        for source in sources {
            let (root, name) = match source {
                Source::Assets(folder) => (assets, folder),
                Source::Folder(folder) => (base, folder),
                Source::Uploaded(name) => {
                    builds.read_manifest(base, source, name)?;
                    continue;
                }
            };
            let folder = root.join(name);
            if folder.is_dir() {
                builds.insert(source.clone(), scan_build(&folder)?);
            } else {
                builds.insert_missing(source.clone(), folders_near(root, name));
            }
        }
        Ok(builds)
    }

    /// Takes in the copy of a manifest; one that is not there is no error here.
    fn read_manifest(&mut self, base: &Path, source: &Source, name: &str) -> io::Result<()> {
        let place = Manifest::place(name);
        match std::fs::read_to_string(base.join(&place)) {
            Ok(text) => {
                let manifest = Manifest::read(&text).map_err(|why| invalid(format!("{place}: {why}")))?;
                if format!("{}/{}", manifest.site, manifest.version) != name {
                    return Err(invalid(format!("{place} is the manifest of @{}/{}", manifest.site, manifest.version)));
                }
                self.insert(source.clone(), manifest.build());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.insert_missing(source.clone(), manifests_near(base, name));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Uploaded builds of the same site whose manifests are there, as `SITE/VERSION`.
fn manifests_near(base: &Path, name: &str) -> Vec<String> {
    let site = name.split('/').next().unwrap_or_default();
    let Ok(entries) = std::fs::read_dir(base.join(FOLDER).join(site)) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".json").map(|version| format!("{site}/{version}"))).collect();
    names.sort();
    names.truncate(50);
    names
}

/// Folders beside the one that is not there, written as the config would.
fn folders_near(root: &Path, name: &str) -> Vec<String> {
    // The deepest part of the path that exists, or the root.
    let (parent, prefix) = match name.rsplit_once('/') {
        Some((parent, _)) if root.join(parent).is_dir() => (root.join(parent), format!("{parent}/")),
        _ => (root.to_owned(), String::new()),
    };
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    let names = folders.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| !name.starts_with('.'));
    let mut names: Vec<String> = names.map(|name| format!("{prefix}{name}")).collect();
    names.sort();
    names.truncate(50);
    names
}

fn scan_build(folder: &Path) -> io::Result<Build> {
    let mut build = Build::default();
    walk(folder, MOST_FILES, |path, _, content| {
        build.service_workers.extend(sign(&path, content).map(|sign| ServiceWorker { path: path.clone(), sign }));
        build.files.insert(path, facts(content));
    })?;
    build.service_workers.sort();
    Ok(build)
}

/// Hands over every file of a build: its path within it, where it really is, its content.
pub fn walk(folder: &Path, most: usize, mut each: impl FnMut(String, &Path, &[u8])) -> io::Result<()> {
    let home = folder.canonicalize()?;
    let mut count = 0;
    // Folders still to read, each with its path within the build and the real folders above it.
    let mut waiting: Vec<(PathBuf, String, Vec<PathBuf>)> = vec![(home.clone(), String::new(), vec![home.clone()])];
    while let Some((at, inner, above)) = waiting.pop() {
        for entry in std::fs::read_dir(&at)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let what = format!("{} has a name that is not UTF-8, so no address can name it", entry.path().display());
                return Err(invalid(what));
            };
            if name == ".git" {
                continue;
            }
            let path = format!("{inner}/{name}");
            let Ok(real) = entry.path().canonicalize() else { continue };
            if !real.starts_with(&home) {
                continue;
            }
            if real.is_dir() {
                if !above.contains(&real) {
                    let mut above = above.clone();
                    above.push(real.clone());
                    waiting.push((real, path, above));
                }
            } else {
                count += 1;
                if count > most {
                    return Err(invalid(format!("{} holds more than {most} files", folder.display())));
                }
                each(path, &real, &std::fs::read(&real)?);
            }
        }
    }
    Ok(())
}

fn facts(content: &[u8]) -> FileFacts {
    let hash = Sha256::digest(content).iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte));
    FileFacts { hash, bytes: content.len() as u64 }
}

/// What a file says about service workers. Scripts are searched as text: minifiers keep the names looked for.
pub fn sign(path: &str, content: &[u8]) -> Option<Sign> {
    let extension = path.rsplit_once('.').map_or("", |parts| parts.1);
    let is_script = matches!(extension, "js" | "mjs" | "cjs");
    if content.len() > MOST_SEARCHED_BYTES || !(is_script || matches!(extension, "html" | "htm")) {
        return None;
    }
    let text = String::from_utf8_lossy(content);
    let says = |needles: &[&str]| needles.iter().any(|needle| text.contains(needle));
    let listens = ["install", "fetch", "activate"].iter().any(|event| listens_to(&text, event));
    if is_script
        && (says(&["precacheAndRoute(", "workbox-precaching", "__WB_MANIFEST", "__precacheManifest"])
            || (listens && says(&[".addAll("])))
    {
        return Some(Sign::Precaches);
    }
    if is_script && (listens || (says(&["importScripts("]) && says(&["workbox"]))) {
        return Some(Sign::Listens);
    }
    let registers = says(&["serviceWorker.register(", "serviceWorker?.register(", "registerSW("]);
    (registers || (says(&["serviceWorker"]) && says(&[".register("]))).then_some(Sign::Registers)
}

/// Whether a worker's own scope listens to an event that pages do not have.
fn listens_to(text: &str, event: &str) -> bool {
    let scopes = ["self.", "globalThis.", ""];
    let quotes = ["\"", "'", "`"];
    scopes.iter().any(|scope| {
        quotes.iter().any(|quote| {
            let call = format!("{scope}addEventListener({quote}{event}{quote}");
            // Without a scope in front it must not be a method of something else: pages listen to `fetch` on objects.
            text.match_indices(&call)
                .any(|(at, _)| !scope.is_empty() || !text.get(..at).is_some_and(|before| before.ends_with('.')))
        }) || (!scope.is_empty() && text.contains(&format!("{scope}on{event}=")))
            || (!scope.is_empty() && text.contains(&format!("{scope}on{event} =")))
    })
}

/// The files of a build by path, for tests and for lists that come from elsewhere than the disk.
impl FromIterator<(String, Vec<u8>)> for Build {
    fn from_iter<I: IntoIterator<Item = (String, Vec<u8>)>>(files: I) -> Self {
        let mut build = Self { files: BTreeMap::new(), service_workers: Vec::new() };
        for (path, content) in files {
            build.service_workers.extend(sign(&path, &content).map(|sign| ServiceWorker { path: path.clone(), sign }));
            build.files.insert(path, facts(&content));
        }
        build.service_workers.sort();
        build
    }
}
