//! What reaches beyond the site: who is told of decisions, and where a live config may bring versions from.

use super::hosts::is_local;
use super::origin::host_of;
use super::problem::Code;
use super::report::{Report, found};
use super::spelling;
use super::tree::Node;
use crate::glob::Glob;
use crate::rollout::announce::{Format, Hook};
use crate::rollout::event::Kind;

/// Reads the webhooks.
pub fn read(node: Option<&Node<'_>>, report: &mut Report<'_>) -> Option<Vec<Hook>> {
    let Some(node) = node else { return Some(Vec::new()) };
    let hooks: Vec<Option<Hook>> = node.items().iter().map(|item| hook(item, report)).collect();
    hooks.into_iter().collect()
}

fn hook(node: &Node<'_>, report: &mut Report<'_>) -> Option<Hook> {
    let text = |key: &str| match node.get(key) {
        None => Some(String::new()),
        Some(node) => node.text().map(str::to_owned),
    };
    let url = node.get("url").and_then(|node| {
        let url = node.text().filter(|text| spelling::HOOK_URL.fits(text))?;
        let rest = url.split_once("://").map_or(url, |parts| parts.1);
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if url.starts_with("http://") && !is_local(host_of(authority).0) {
            let words = found(url, "is told over plain http: whoever is in between can read and change it");
            report.add(Code::BadValue, node, words.fix(format!("write `https://{rest}`")));
            return None;
        }
        Some(url.to_owned())
    });
    let format = super::site::word(node.get("format"), Format::Json, |text| match text {
        "json" => Some(Format::Json),
        "slack" => Some(Format::Slack),
        _ => None,
    });
    let events: Vec<Option<Kind>> = node.get("events").map(Node::items).unwrap_or_default().iter().map(event).collect();
    let secret = text("secret").filter(|secret| secret.is_empty() || spelling::SECRET.fits(secret));
    Some(Hook { url: url?, events: events.into_iter().collect::<Option<_>>()?, format: format?, secret: secret? })
}

fn event(node: &Node<'_>) -> Option<Kind> {
    let kind: Kind = serde_json::from_value(node.text()?.into()).ok()?;
    (kind != Kind::Mark).then_some(kind)
}

/// Reads the origins a live config may bring versions from.
pub fn origins(node: Option<&Node<'_>>, report: &mut Report<'_>) -> Option<Vec<Glob>> {
    let Some(node) = node else { return Some(Vec::new()) };
    let globs: Vec<Option<Glob>> = node
        .items()
        .iter()
        .map(|item| {
            let text = item.text().filter(|text| spelling::ORIGIN_GLOB.fits(text))?;
            super::site::glob(item, report).filter(|_| !text.is_empty())
        })
        .collect();
    globs.into_iter().collect()
}
