//! Hostnames: how they are written, which patterns cover each other, and who answers for what.

use super::problem::Code;
use super::report::{Report, found, why};
use super::shape::Refusal;
use super::tree::Node;

use std::collections::BTreeMap;

/// Whether this is a hostname without port: names with dots between, or an IPv6 address in brackets.
pub fn is_host(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('[') {
        let address = inner.strip_suffix(']').unwrap_or_default();
        return !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.');
    }
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    let is_label = |label: &str| {
        label.len() <= 63
            && edge(label.bytes().next())
            && edge(label.bytes().last())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    text.split('.').all(is_label)
}

/// What is wrong with a text that is no hostname.
pub fn explain(text: &str) -> Option<Refusal> {
    let tidy = text.trim();
    if tidy == "*" {
        return Some(
            Refusal::new("is every host").fix("leave `hosts` out: the site then answers for every host that no other site names"),
        );
    }
    if let Some((scheme, rest)) = tidy.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host =
            host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(host, _)| host);
        let refusal = Refusal::new(format!("has a scheme (`{scheme}://`), a hostname has none"));
        return Some(if is_host(host) { refusal.fix(format!("write `{host}`")) } else { refusal });
    }
    if let Some((host, port)) =
        tidy.rsplit_once(':').filter(|(host, port)| is_host(host) && port.bytes().all(|b| b.is_ascii_digit()))
    {
        return Some(
            Refusal::new(format!("has a port (`{port}`); hosts are compared without ports")).fix(format!("write `{host}`")),
        );
    }
    if tidy.bytes().filter(|b| *b == b':').count() > 1 && is_host(&format!("[{tidy}]")) {
        return Some(Refusal::new("is an IPv6 address without brackets").fix(format!("write `[{tidy}]`")));
    }
    if let Some((host, path)) = tidy.split_once('/').filter(|(host, _)| is_host(host)) {
        return Some(
            Refusal::new(format!("has a path (`/{path}`), a hostname has none"))
                .fix(format!("write `{host}`; paths belong in rules")),
        );
    }
    if let Some(host) = tidy.strip_suffix('.').filter(|host| is_host(host)) {
        return Some(Refusal::new("ends with a dot").fix(format!("write `{host}`")));
    }
    if let Some(host) = tidy.strip_prefix('.').filter(|host| is_host(host)) {
        return Some(Refusal::new("begins with a dot").fix(format!("write `*.{host}` for all names below `{host}`")));
    }
    if !tidy.is_ascii() && !tidy.contains(char::is_whitespace) {
        return Some(Refusal::new("has letters outside of ASCII").fix("write it as browsers send it, in Punycode: `xn--…`"));
    }
    if tidy.contains('*') {
        return Some(
            Refusal::new("has a `*` elsewhere than in front").fix("write `*.shop.example` for all names below `shop.example`"),
        );
    }
    (tidy != text && is_host(tidy)).then(|| Refusal::new("has white space around it").fix(format!("write `{tidy}`")))
}

/// What is wrong with a text that is no hostname where no wildcard can stand.
pub fn explain_single(text: &str) -> Option<Refusal> {
    match text.strip_prefix("*.").filter(|rest| is_host(rest)) {
        Some(_) => {
            Some(Refusal::new("is a wildcard, and one hostname is needed").fix("write it in full, like `admin.shop.example`"))
        }
        None => explain(text),
    }
}

/// Whether a host only exists on this machine, where there is no https.
pub fn is_local(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || is_loopback_v4(host)
}

fn is_loopback_v4(host: &str) -> bool {
    host.starts_with("127.") && host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// The hosts of a site as read, each with the value it stands in.
pub struct SiteHosts<'a, 't> {
    pub site: &'a str,
    pub hosts: Vec<(String, &'a Node<'t>)>,
}

/// Who answers for which host; looking a host up costs as many steps as it has dots.
pub struct Table(BTreeMap<String, String>);

impl Table {
    /// Of the patterns of all sites, the first of each.
    pub fn new(sites: &[SiteHosts<'_, '_>]) -> Self {
        let mut first = BTreeMap::new();
        for site in sites {
            for (host, _) in &site.hosts {
                first.entry(host.clone()).or_insert(site.site.to_owned());
            }
        }
        Self(first)
    }

    /// The pattern that takes a host in, and its site.
    pub fn find(&self, host: &str) -> Option<(&str, &str)> {
        let itself = self.0.get_key_value(host).map(|(pattern, site)| (pattern.as_str(), site.as_str()));
        itself.or_else(|| self.covering(host).next())
    }

    /// The wildcards other than itself that cover a host or wildcard, the narrowest first, with their sites.
    fn covering(&self, host: &str) -> impl Iterator<Item = (&str, &str)> {
        let dots = host.char_indices().filter(|(_, c)| *c == '.').filter_map(|(at, _)| host.get(at..));
        dots.filter_map(move |rest| {
            let (wide, site) = self.0.get_key_value(&format!("*{rest}"))?;
            (wide != host).then_some((wide.as_str(), site.as_str()))
        })
    }
}

/// Reports hosts that stand twice, wildcards that cover a host of another site, and a site on the admin host.
pub fn check(sites: &[SiteHosts<'_, '_>], table: &Table, admin: Option<(&str, &Node<'_>)>, report: &mut Report<'_>) {
    let mut first_with: BTreeMap<&str, (&str, &Node<'_>)> = BTreeMap::new();
    for (site, host, node) in
        sites.iter().flat_map(|site| site.hosts.iter().map(move |(host, node)| (site.site, host.as_str(), *node)))
    {
        let Some((other, earlier)) = first_with.get(host) else {
            first_with.insert(host, (site, node));
            continue;
        };
        let (line, column) = report.position(earlier.start);
        let place = format!("(line {line}, column {column})");
        let words = if *other == site {
            found(host, format!("stands twice {place}")).fix("take one out")
        } else {
            found(host, format!("is already a host of site `{other}` {place}"))
                .fix("a host belongs to one site: take it out of one of them")
        };
        report.add(Code::DuplicateHost, node, words);
    }
    check_overlaps(sites, table, report);
    let Some((admin, node)) = admin else { return };
    if let Some((pattern, site)) = table.find(admin) {
        let by = if pattern == admin { String::new() } else { format!(" (by `{pattern}`)") };
        let words =
            found(admin, format!("is also a host of site `{site}`{by}: scripts of its builds could use the admin surface"));
        report.add(Code::AdminHost, node, words.fix("give the admin surface a hostname of its own"));
    }
}

/// Of all names that cover a host the narrowest has it; that somebody else's wildcard covers it too is worth saying.
fn check_overlaps(sites: &[SiteHosts<'_, '_>], table: &Table, report: &mut Report<'_>) {
    for site in sites {
        for (host, node) in &site.hosts {
            if let Some((wide, other)) = table.covering(host).find(|(_, other)| *other != site.site) {
                let words = format!("is also covered by `{wide}` of site `{other}`; it is narrower, so `{}` has it", site.site);
                report.add(Code::HostOverlap, node, found(host.as_str(), words));
            }
        }
    }
}

/// What decides which site answers for hosts that no site names.
pub struct DefaultClaim<'a, 't> {
    pub site: &'a str,
    /// `default` as the file says it.
    pub says: Option<bool>,
    pub has_hosts: bool,
    pub node: &'a Node<'t>,
}

/// The default site, if exactly one can be.
pub fn default_site(claims: &[DefaultClaim<'_, '_>], sites: &Node<'_>, report: &mut Report<'_>) -> Option<usize> {
    let at = |claim: &DefaultClaim<'_, '_>| claim.node.get("default").map_or(claim.node.start, |node| node.start);
    let claimed: Vec<(usize, &DefaultClaim<'_, '_>)> =
        claims.iter().enumerate().filter(|(_, claim)| claim.says == Some(true)).collect();
    if let [(_, first), rest @ ..] = claimed.as_slice() {
        for (_, claim) in rest {
            let words = why(format!("site `{}` is the default already", first.site))
                .fix("only one site can be: take `default` out of the others");
            report.add_at(Code::Default, at(claim), &claim.node.place.key("default"), words);
        }
    }
    let without_hosts: Vec<(usize, &DefaultClaim<'_, '_>)> =
        claims.iter().enumerate().filter(|(_, claim)| !claim.has_hosts).collect();
    let chosen = match (claimed.as_slice(), without_hosts.as_slice(), claims) {
        ([(at, _), ..], _, _) | ([], [(at, _)], _) => Some(*at),
        ([], [], [_]) => Some(0),
        ([], _, _) => None,
    };
    for (index, claim) in &without_hosts {
        if chosen.is_some_and(|chosen| chosen != *index) {
            let words = why(format!("site `{}` names no hosts and is not the default: it answers for nothing", claim.site));
            report.add(Code::UnreachableSite, claim.node, words.fix("give it hosts"));
        }
    }
    match chosen {
        None if without_hosts.len() > 1 => {
            let names = super::report::listed(without_hosts.iter().map(|(_, claim)| claim.site), "and", 8);
            let words = why(format!("{names} name no hosts, and only one site can answer for every other host"));
            report.add(Code::Default, sites, words.fix("give all but one of them hosts"));
        }
        None if !claims.is_empty() => {
            let words = why("no site answers for hosts that none of them names");
            report.add(Code::Default, sites, words.fix("add \"default\": true to one of them"));
        }
        _ => {}
    }
    if let Some(claim) = chosen.and_then(|at| claims.get(at)).filter(|claim| claim.says == Some(false)) {
        let words = found("false", "can not be: no other site answers for hosts that none names")
            .fix("leave `default` out here, or set it for another site");
        report.add_at(Code::Default, at(claim), &claim.node.place.key("default"), words);
        return None;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_names_below_and_narrower_wildcards() {
        let covers = |wide: &str, host: &str| Table([(wide.to_owned(), String::new())].into()).covering(host).count() == 1;
        assert!(covers("*.shop.example", "www.shop.example"));
        assert!(covers("*.shop.example", "a.b.shop.example"));
        assert!(covers("*.shop.example", "*.eu.shop.example"));
        assert!(!covers("*.shop.example", "shop.example"));
        assert!(!covers("*.shop.example", "*.shop.example"));
        assert!(!covers("*.eu.shop.example", "*.shop.example"));
    }

    #[test]
    fn hosts_that_only_this_machine_has_are_known() {
        for host in ["localhost", "shop.localhost", "127.0.0.1", "127.8.8.8", "[::1]"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["shop.example", "127.example", "localhost.example", "10.0.0.1"] {
            assert!(!is_local(host), "{host}");
        }
    }
}
