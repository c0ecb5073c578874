//! From a tree that was compared with its shape to a [`Config`]: what the whole file and its sites have to agree on.
//!
//! A reader that meets a value of the wrong shape gives `None` and says nothing: `structure` has said it. Everything else
//! is read on, so that all problems of a file come out in one run.

use std::collections::BTreeMap;

use super::builds::Builds;
use super::hosts::{self, DefaultClaim, SiteHosts, Table};
use super::model::Config;
use super::objects::{MOST_HOSTS, MOST_SITES};
use super::problem::Code;
use super::report::{Report, why};
use super::site::{self, Surroundings};
use super::spelling;
use super::tree::{Member, Node};
use crate::plan::Fact;

/// Reads the whole file. `None` if something is missing that `structure` or this has reported.
pub fn config(tree: &Node<'_>, builds: &Builds, report: &mut Report<'_>) -> Option<Config> {
    let prefix = match tree.get("prefix") {
        None => Some("/_halftone".to_owned()),
        Some(node) => node.text().filter(|text| spelling::PREFIX.fits(text)).map(str::to_owned),
    };
    let admin = tree.get("admin").and_then(|admin| {
        let node = admin.get("host")?;
        Some((node.text().filter(|text| spelling::HOST.fits(text))?.to_ascii_lowercase(), node))
    });
    let admin_host = admin.as_ref().map(|(host, _)| host.as_str());
    let sites_node = tree.get("sites")?;
    let members: Vec<&Member<'_>> = sites_node.unique_members().take(MOST_SITES).collect();
    let site_hosts: Vec<SiteHosts<'_, '_>> = members.iter().map(|member| hosts_of(member)).collect();
    let table = Table::new(&site_hosts);
    hosts::check(&site_hosts, &table, admin.as_ref().map(|(host, node)| (host.as_str(), *node)), report);
    let geo_headers = geo_headers(tree, &site_hosts, report);

    let surroundings = Surroundings { table: &table, admin_host, prefix: prefix.as_deref(), builds };
    let mut sites = Vec::with_capacity(members.len());
    for (member, own) in members.iter().zip(&site_hosts) {
        let hosts: Vec<String> = own.hosts.iter().map(|(host, _)| host.clone()).collect();
        sites.push(site::read(&member.key, &member.node, hosts, &surroundings, report));
    }
    let claims: Vec<DefaultClaim<'_, '_>> = members.iter().map(|member| claim(member)).collect();
    let default_site = hosts::default_site(&claims, sites_node, report);
    Some(Config {
        prefix: prefix?,
        admin_host: admin.map(|(host, _)| host),
        geo_headers,
        sites: sites.into_iter().collect::<Option<_>>()?,
        default_site: default_site?,
    })
}

fn hosts_of<'a, 't>(member: &'a Member<'t>) -> SiteHosts<'a, 't> {
    let items = member.node.get("hosts").map(Node::items).unwrap_or_default().iter().take(MOST_HOSTS);
    let fitting =
        items.filter_map(|node| Some((node.text().filter(|text| spelling::HOSTS.fits(text))?.to_ascii_lowercase(), node)));
    SiteHosts { site: &member.key, hosts: fitting.collect() }
}

/// A site whose hosts are misspelled still has hosts.
fn claim<'a, 't>(member: &'a Member<'t>) -> DefaultClaim<'a, 't> {
    let has_hosts = member.node.get("hosts").is_some_and(|hosts| !hosts.items().is_empty() || hosts.text().is_some());
    DefaultClaim { site: &member.key, says: member.node.get("default").and_then(Node::flag), has_hosts, node: &member.node }
}

fn geo_headers(tree: &Node<'_>, sites: &[SiteHosts<'_, '_>], report: &mut Report<'_>) -> BTreeMap<Fact, String> {
    let Some(node) = tree.get("geo_headers") else { return BTreeMap::new() };
    let facts = [("country", Fact::Country), ("region", Fact::Region), ("city", Fact::City), ("colo", Fact::Colo)];
    let believed: BTreeMap<Fact, String> =
        facts.into_iter().filter_map(|(key, fact)| Some((fact, node.get(key)?.text()?.to_ascii_lowercase()))).collect();
    let public = sites.iter().flat_map(|site| &site.hosts).find(|(host, _)| !hosts::is_local(host));
    if let Some((host, _)) = public.filter(|_| !believed.is_empty()) {
        let words = why(format!("these headers are believed on `{host}` too: any visitor can send them and choose a country"));
        let fix = "take `geo_headers` out, unless a proxy in front sets them itself on every request";
        report.add(Code::LocalOnly, node, words.fix(fix));
    }
    believed
}
