//! What a site's builds hold that matters to a rollout: folders that are not there, files under the reserved prefix,
//! names that two builds share with different content, service workers.

use std::collections::BTreeMap;

use super::builds::{Build, FileFacts, Sign, Source};
use super::manifest::Manifest;
use super::problem::Code;
use super::report::{Report, Words, found, listed, nearest, why};
use super::site::Surroundings;
use super::tree::Node;
use super::version;
use crate::glob::{Glob, Segments};

/// How many paths a problem names.
const MOST_NAMED: usize = 10;

/// A version whose files are known.
struct Known<'a, 't> {
    id: String,
    build: &'a Build,
    node: &'a Node<'t>,
}

/// Checks the builds of one site; `hashed` are the paths that the config calls content-hashed.
pub fn check(site: &Node<'_>, around: &Surroundings<'_>, hashed: Option<&[Glob]>, report: &mut Report<'_>) {
    let mut known: Vec<Known<'_, '_>> = Vec::new();
    for (id, source, node) in version::sources(site.get("versions")) {
        if let Some(instead) = around.builds.missing(&source) {
            report.add(Code::MissingFolder, node, missing(&source, &node.shown(), instead));
        } else if let Some(build) = around.builds.get(&source) {
            check_build(build, node, around, report);
            if !known.iter().any(|other| std::ptr::eq(other.build, build)) {
                known.push(Known { id, build, node });
            }
        }
    }
    if let Some(versions) = site.get("versions") {
        check_shared(&known, versions, hashed, report);
        // Without a rollout nobody is moved from one to another while a page is open.
        if around.builds.were_looked_for() && site.get("rollout").is_some() {
            check_unlisted(versions, report);
        }
    }
    for one in &known {
        check_workers(one, report);
    }
}

/// An uploaded build whose manifest is not beside the config.
fn not_uploaded(name: &str, node: &str, instead: &[String]) -> Words {
    let why = format!("is not there: no `{}` beside the config file says what it holds", Manifest::place(name));
    let version = name.rsplit('/').next().unwrap_or_default();
    let near = nearest(name, instead.iter().map(String::as_str));
    found(node, why).fix(near.map_or_else(
        || format!("`halftone deploy DIR --version {version}` uploads a build and writes it, `halftone builds pull {version}` fetches it"),
        |near| format!("did you mean `@{near}`?"),
    ))
}

fn missing(source: &Source, node: &str, instead: &[String]) -> Words {
    let (name, what, written) = match source {
        Source::Assets(folder) => (folder, "the assets folder has no folder of this name", format!("assets:{folder}")),
        Source::Folder(folder) => (folder, "there is no such folder beside the config file", folder.clone()),
        Source::Uploaded(name) => return not_uploaded(name, node, instead),
    };
    let fix = match nearest(name, instead.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if instead.is_empty() => "build the site first".to_owned(),
        None => format!("build it first; the folders there are {}", listed(instead.iter(), "and", MOST_NAMED)),
    };
    found(written, format!("is not there: {what}")).fix(fix)
}

fn check_build(build: &Build, node: &Node<'_>, around: &Surroundings<'_>, report: &mut Report<'_>) {
    if build.files.is_empty() {
        let words = found(node.shown(), "holds no files").fix("build the site into it first");
        report.add(Code::EmptyFolder, node, words);
        return;
    }
    if !build.files.contains_key("/index.html") {
        let words = found(node.shown(), "holds no `/index.html`: its front page would be a 404");
        report.add(Code::NoIndex, node, words.fix("name the folder that holds `index.html`"));
    }
    if let Some(prefix) = around.prefix {
        let below = build
            .files
            .keys()
            .filter(|path| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        let below: Vec<&String> = below.collect();
        if !below.is_empty() {
            let words = found(
                node.shown(),
                format!(
                    "holds {} under the reserved prefix `{prefix}`, where Halftone answers itself",
                    listed(below.iter(), "and", MOST_NAMED)
                ),
            );
            report.add(Code::PrefixClash, node, words.fix("rename them, or choose another `prefix`"));
        }
    }
}

/// Whether two builds are expected to have different files of this name: pages and what is asked for by fixed names.
fn may_differ(path: &str) -> bool {
    const SUBRESOURCES: [&str; 25] = [
        "js", "mjs", "cjs", "css", "json", "wasm", "woff", "woff2", "ttf", "otf", "eot", "png", "jpg", "jpeg", "gif", "webp",
        "avif", "svg", "mp4", "webm", "mp3", "ogg", "bin", "glb", "data",
    ];
    /// Asked for by crawlers, browsers and phones under this name whatever the page says.
    const FIXED: [&str; 9] = [
        "/sw.js",
        "/service-worker.js",
        "/manifest.json",
        "/asset-manifest.json",
        "/favicon.svg",
        "/favicon.png",
        "/apple-touch-icon.png",
        "/version.json",
        "/ngsw.json",
    ];
    let name = path.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |parts| parts.1).to_ascii_lowercase();
    !SUBRESOURCES.contains(&extension.as_str()) || FIXED.contains(&path) || path.starts_with("/.well-known/")
}

fn check_shared(known: &[Known<'_, '_>], versions: &Node<'_>, hashed: Option<&[Glob]>, report: &mut Report<'_>) {
    let mut first: BTreeMap<&str, (&FileFacts, &str)> = BTreeMap::new();
    let mut shared: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in known {
        for (path, facts) in &one.build.files {
            match first.get(path.as_str()) {
                None => {
                    first.insert(path, (facts, &one.id));
                }
                Some((other, id)) if *other != facts => shared.entry(path).or_insert_with(|| vec![*id]).push(&one.id),
                Some(_) => {}
            }
        }
    }
    let is_hashed = |path: &str| hashed.is_some_and(|globs| globs.iter().any(|glob| glob.matches(path, Segments::Slash)));
    let (broken, rest): (Vec<_>, Vec<_>) =
        shared.iter().filter(|(path, _)| is_hashed(path) || !may_differ(path)).partition(|(path, _)| is_hashed(path));
    let all = |paths: &[(&&str, &Vec<&str>)]| {
        let owned = |ids: &Vec<&str>| ids.iter().map(|id| (*id).to_owned()).collect();
        paths.iter().map(|(path, ids)| ((**path).to_owned(), owned(ids))).collect::<BTreeMap<String, Vec<String>>>()
    };
    let named = |paths: &[(&&str, &Vec<&str>)]| {
        let with_versions: Vec<String> = paths.iter().map(|(path, ids)| format!("{path} ({})", ids.join(", "))).collect();
        listed(with_versions.iter(), "and", MOST_NAMED)
    };
    if !broken.is_empty() {
        let what = format!(
            "{} in several builds with different content, and `cache.hashed` says their names change with it: {}",
            counted(broken.len()),
            named(&broken)
        );
        let fix = "narrow `cache.hashed` to names that hold a content hash; until then these files are not cached for long";
        report.add(Code::SharedHashedName, versions, why(what).fix(fix).paths(all(&broken)));
    }
    if !rest.is_empty() {
        let what = format!(
            "{} in several builds with different content: {}; a page that is still open when its visitor moves to another build can get the wrong one",
            counted(rest.len()),
            named(&rest)
        );
        let fix = "let the build put a content hash into the names of scripts, styles and images";
        report.add(Code::SharedName, versions, why(what).fix(fix).paths(all(&rest)));
    }
}

/// Builds that can not be compared: where there is another version, a name both have is not noticed.
fn check_unlisted(versions: &Node<'_>, report: &mut Report<'_>) {
    let unlisted = version::unlisted(Some(versions));
    if unlisted.is_empty() || versions.unique_members().count() < 2 {
        return;
    }
    let what = format!(
        "the files of {} are not known, so names that builds share with different content, and service workers, can not be looked for there",
        listed(unlisted.iter(), "and", MOST_NAMED),
    );
    report.add(
        Code::Unlisted,
        versions,
        why(what).fix("add `\"files\": \"FOLDER\"`, a copy of the build beside the config, if you have one"),
    );
}

fn counted(count: usize) -> String {
    if count == 1 { "1 name is".to_owned() } else { format!("{count} names are") }
}

fn check_workers(one: &Known<'_, '_>, report: &mut Report<'_>) {
    let workers = &one.build.service_workers;
    let Some(gravest) = workers.iter().map(|worker| worker.sign).min() else { return };
    let what = match gravest {
        Sign::Precaches => {
            "a service worker that keeps a whole build in the browser: after a rollback it would go on serving that build"
        }
        Sign::Listens => "a service worker: if it answers from its cache, it goes on serving this build after a rollback",
        Sign::Registers => "a page that registers a service worker: if that answers from its cache, it outlives a rollback",
    };
    let paths = workers.iter().filter(|worker| worker.sign == gravest).map(|worker| worker.path.as_str());
    let words = found(one.node.shown(), format!("holds {what} ({})", listed(paths, "and", MOST_NAMED)));
    report.add(Code::ServiceWorker, one.node, words.fix("docs/operations.md says what a rollback then needs"));
}
