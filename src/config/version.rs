//! The versions of a site, and finding one by its name.

use super::builds::Source;
use super::model::Version;
use super::objects::MOST_VERSIONS;
use super::origin;
use super::problem::Code;
use super::report::{Report, did_you_mean, found, why};
use super::site::{Surroundings, in_range, word};
use super::spelling;
use super::tree::{Member, Node};
use crate::plan::{Forward, NotFound, Origin};
use crate::slot::VersionIndex;

/// The ids of a site's versions, whether or not the rest of them can be read.
pub struct Names<'a>(Vec<&'a str>);

impl<'a> Names<'a> {
    pub fn of(versions: Option<&'a Node<'_>>) -> Self {
        Self(members(versions).map(|member| member.key.as_ref()).collect())
    }

    /// The version that a value names; reports one that the site does not have.
    pub fn find(&self, node: &Node<'_>, report: &mut Report<'_>) -> Option<VersionIndex> {
        let text = node.text().filter(|text| spelling::NAME.fits(text))?;
        let known = self.quietly(text);
        if known.is_none() {
            self.report_unknown(text, node, node.start, report);
        }
        known
    }

    /// The version of this name, if there is one.
    pub fn quietly(&self, text: &str) -> Option<VersionIndex> {
        let at = self.0.iter().position(|id| *id == text)?;
        u8::try_from(at).ok().map(VersionIndex)
    }

    /// The id at an index.
    pub fn id(&self, index: VersionIndex) -> &'a str {
        self.0.get(usize::from(index.0)).copied().unwrap_or_default()
    }

    /// Says that there is no version of this name.
    pub fn report_unknown(&self, text: &str, node: &Node<'_>, start: usize, report: &mut Report<'_>) {
        let fix = match self.0.as_slice() {
            [] => "add it to `versions`".to_owned(),
            ids => did_you_mean(text, ids.iter().copied(), "the versions are"),
        };
        report.add_at(Code::UnknownVersion, start, &node.place, found(text, "is not a version of this site").fix(fix));
    }
}

fn members<'a, 't>(versions: Option<&'a Node<'t>>) -> impl Iterator<Item = &'a Member<'t>> {
    versions.into_iter().flat_map(Node::unique_members).take(MOST_VERSIONS)
}

/// Reads the versions in the order of the file; `None` if one can not be read.
pub fn read_all(versions: Option<&Node<'_>>, around: &Surroundings<'_>, report: &mut Report<'_>) -> Option<Vec<Version>> {
    let mut all: Vec<Option<Version>> = Vec::new();
    for member in members(versions) {
        let version = read(member, around, report);
        let twin = version.as_ref().and_then(|version| all.iter().flatten().find(|other| other.origin == version.origin));
        if let (Some(twin), Some(_)) = (twin, &version) {
            let node = origin_node(&member.node);
            let words = found(node.shown(), format!("is the origin of `{}` too: the two versions are one build", twin.id));
            report.add(Code::SameOrigin, node, words.fix("give each build a place of its own"));
        }
        all.push(version);
    }
    versions?;
    all.into_iter().collect()
}

fn origin_node<'a, 't>(version: &'a Node<'t>) -> &'a Node<'t> {
    version.get("origin").unwrap_or(version)
}

/// The least leaves a server across the world a round trip; the most is what a visitor would wait.
const TIMEOUT_RANGE: (&str, &str) = ("100ms", "30s");

const USUAL_TIMEOUT_MS: u32 = 3_000;

fn read(member: &Member<'_>, around: &Surroundings<'_>, report: &mut Report<'_>) -> Option<Version> {
    let node = &member.node;
    let origin = read_origin(origin_node(node), around, report);
    let forward_node = node.get("forward");
    let mut forward: Vec<Forward> = forward_node
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|item| match item.text() {
            Some("cookie") => Some(Forward::Cookie),
            Some("authorization") => Some(Forward::Authorization),
            _ => None,
        })
        .collect();
    forward.dedup();
    if let (Some(forward), Some(origin)) = (forward_node.filter(|node| !node.items().is_empty()), &origin) {
        let what = match origin {
            Origin::Url(..) => None,
            Origin::Assets(_) | Origin::R2(..) => Some("files are read from storage, which gets no headers"),
            Origin::Zone(_) | Origin::Service(..) => {
                Some("the site's own server and bound services see cookies and authorization anyway")
            }
        };
        if let Some(what) = what {
            report.add(Code::NoEffect, forward, why(what).fix("take `forward` out"));
        }
    }
    let timeout_ms = match node.get("timeout") {
        None => Some(USUAL_TIMEOUT_MS),
        Some(node) => in_range(node, &spelling::TIMEOUT, TIMEOUT_RANGE, report).and_then(|ms| u32::try_from(ms).ok()),
    };
    let not_found = word(node.get("not_found"), NotFound::Page, |text| match text {
        "page" => Some(NotFound::Page),
        "spa" => Some(NotFound::Spa),
        _ => None,
    });
    let files = match node.get("files") {
        None => None,
        Some(files) => Some(read_files(files, origin.as_ref(), report)?),
    };
    if let (Some(node), Some(NotFound::Spa), Some(origin)) = (node.get("not_found"), not_found, &origin) {
        check_spa(node, origin, source_of(member, origin).is_some(), report);
    }
    Some(Version {
        id: member.key.clone().into_owned(),
        origin: origin?,
        forward,
        timeout_ms: timeout_ms?,
        not_found: not_found?,
        files,
    })
}

/// Only where the files are known is it known that a path has none.
fn check_spa(node: &Node<'_>, origin: &Origin, is_listed: bool, report: &mut Report<'_>) {
    if is_listed {
        return;
    }
    let fix = match origin {
        Origin::Assets(_) => return,
        Origin::Zone(_) => "let the site's own server answer with its `/index.html`, and take this out",
        Origin::Url(..) | Origin::Service(..) => {
            "add `\"files\": \"FOLDER\"`, a copy of the build beside the config, or let the origin answer with its `/index.html`"
        }
        Origin::R2(..) => "add `\"files\": \"FOLDER\"`, a copy of the build beside the config",
    };
    let words =
        found("spa", "does nothing here: the files of this version are not known, so what the origin answers is passed on");
    report.add(Code::NoEffect, node, words.fix(fix));
}

fn read_origin(node: &Node<'_>, around: &Surroundings<'_>, report: &mut Report<'_>) -> Option<Origin> {
    let text = node.text().filter(|text| spelling::ORIGIN.fits(text))?;
    match origin::parse(text) {
        Ok(origin) => {
            if let Origin::Url(host, _) = &origin {
                origin::check_url(host, node, around.table, around.admin_host, report);
            }
            Some(origin)
        }
        Err(refusal) => {
            report.add(refusal.code, node, found(node.shown(), refusal.why).maybe_fix(refusal.fix));
            None
        }
    }
}

fn read_files(node: &Node<'_>, origin: Option<&Origin>, report: &mut Report<'_>) -> Option<String> {
    let text = node.text().filter(|text| spelling::FOLDER.fits(text))?;
    match origin {
        Some(Origin::Assets(_)) => {
            let words = why("an `assets` origin is a local folder itself, and its files are known").fix("take `files` out");
            report.add(Code::ConflictingKeys, node, words);
            return None;
        }
        Some(Origin::Zone(_)) => {
            let words = why("what the site's own server has is not a folder of files, so a list of them would be wrong")
                .fix("take `files` out");
            report.add(Code::ConflictingKeys, node, words);
            return None;
        }
        _ => {}
    }
    Some(text.trim_end_matches('/').to_owned())
}

/// Where the list of a version's files is read from.
fn source_of(member: &Member<'_>, origin: &Origin) -> Option<Source> {
    let files = member.node.get("files").and_then(Node::text).filter(|text| spelling::FOLDER.fits(text));
    Source::new(origin, files.map(|text| text.trim_end_matches('/')))
}

/// The origin of a version, if it can be read.
fn origin_of(member: &Member<'_>) -> Option<Origin> {
    origin::parse(origin_node(&member.node).text().filter(|text| spelling::ORIGIN.fits(text))?).ok()
}

/// The versions that are files somewhere, of which there is no list here. The zone's server and other Workers may be anything.
pub fn unlisted(versions: Option<&Node<'_>>) -> Vec<String> {
    let listless = members(versions).filter(|member| {
        origin_of(member)
            .is_some_and(|origin| matches!(origin, Origin::Url(..) | Origin::R2(..)) && source_of(member, &origin).is_none())
    });
    listless.map(|member| member.key.clone().into_owned()).collect()
}

/// Says that the site's own server is not there on hosts of this machine, where there is the Worker alone.
pub fn check_zones(versions: Option<&Node<'_>>, hosts: &[String], report: &mut Report<'_>) {
    let Some(local) = hosts.iter().find(|host| super::hosts::is_local(host)) else { return };
    for member in members(versions).filter(|member| matches!(origin_of(member), Some(Origin::Zone(_)))) {
        let node = origin_node(&member.node);
        let words = found(node.shown(), format!("loops on `{local}`: behind the hosts of this machine there is no other server"));
        report.add(
            Code::LocalOnly,
            node,
            words.fix("open the site under its real hostname, or use another origin in local runs"),
        );
    }
}

/// Where the lists of a site's builds are read from, by version; `None` for those whose files are not known.
pub fn sources<'a, 't>(versions: Option<&'a Node<'t>>) -> impl Iterator<Item = (String, Source, &'a Node<'t>)> {
    members(versions).filter_map(|member| {
        let node = origin_node(&member.node);
        let origin = origin_of(member)?;
        let at = if matches!(origin, Origin::Assets(_)) { node } else { member.node.get("files").unwrap_or(node) };
        Some((member.key.clone().into_owned(), source_of(member, &origin)?, at))
    })
}
