//! Origins as text: `assets:v1`, `https://host/base`, `zone:/base`, `r2:BUILDS/v1`, `r2:BUILDS/@SITE/VERSION` (an uploaded
//! build), `service:SITE/base`.

use super::hosts;
use super::problem::Code;
use super::report::{Report, found, nearest};
use super::shape::Refusal;
use super::spelling::NAME;
use super::tree::Node;
use crate::plan::Origin;

const SCHEMES: [&str; 6] = ["assets", "https", "http", "zone", "r2", "service"];

/// Whether the text has the outline of an origin; [`parse`] looks closer.
pub fn looks_right(text: &str) -> bool {
    let plain = |text: &str| !text.bytes().any(|b| b <= b' ' || b == 0x7f);
    let rest_of = |scheme| text.strip_prefix(scheme).filter(|rest: &&str| plain(rest));
    if ["assets:", "http://", "https://"].into_iter().filter_map(rest_of).any(|rest| !rest.is_empty()) {
        return true;
    }
    if let Some(rest) = rest_of("zone") {
        return rest.is_empty() || rest.starts_with(":/");
    }
    ["r2:", "service:"].into_iter().filter_map(rest_of).any(|rest| {
        let binding = rest.split('/').next().unwrap_or_default();
        binding.starts_with(|c: char| c.is_ascii_uppercase())
            && binding.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    })
}

/// What is wrong with a text that does not have the outline of an origin.
pub fn explain(text: &str) -> Option<Refusal> {
    let tidy = text.trim();
    if tidy != text && looks_right(tidy) {
        return Some(Refusal::new("has white space around it").fix(format!("write `{tidy}`")));
    }
    let (scheme, rest) = tidy.split_once(':').unwrap_or((tidy, ""));
    let lower = scheme.to_ascii_lowercase();
    if matches!(lower.as_str(), "r2" | "service") {
        let (binding, path) = rest.trim_start_matches('/').split_once('/').unwrap_or((rest.trim_start_matches('/'), ""));
        let upper: String = binding.to_ascii_uppercase().replace('-', "_");
        let fixed = if path.is_empty() { format!("{lower}:{upper}") } else { format!("{lower}:{upper}/{path}") };
        let refusal = Refusal::new("has no name of a binding as wrangler.toml writes it: capital letters, digits and `_`");
        return Some(if looks_right(&fixed) {
            refusal.fix(format!("write `{fixed}`, if the binding is called so"))
        } else {
            refusal
        });
    }
    if lower == "zone" {
        let fixed = format!("zone:/{}", rest.trim_start_matches('/'));
        return Some(Refusal::new("has no base path that begins with `/`").fix(format!("write `{fixed}`, or `zone` alone")));
    }
    if lower == "assets" && rest.is_empty() {
        return Some(Refusal::new("names no folder").fix("write the folder of the build, like `assets:v1`"));
    }
    if matches!(lower.as_str(), "http" | "https") {
        let fixed = format!("{lower}://{}", rest.trim_start_matches('/'));
        if fixed == tidy && tidy.contains(' ') {
            return Some(
                Refusal::new("has a space, which addresses do not have").fix(format!("write `{}`", tidy.replace(' ', "%20"))),
            );
        }
        return Some(Refusal::new("is not a whole address").fix(format!("write `{fixed}`"))).filter(|_| looks_right(&fixed));
    }
    if tidy.contains("://") {
        return Some(
            Refusal::new(format!("has the scheme `{scheme}`, and only http and https can be fetched"))
                .fix(format!("write `https:{rest}`")),
        );
    }
    if tidy.contains(':') {
        let near = nearest(scheme, SCHEMES.into_iter()).map(|near| format!("did you mean `{near}:{rest}`?"));
        let fix = near.unwrap_or_else(|| {
            "write `assets:FOLDER`, `https://host/base`, `zone`, `r2:BINDING/prefix` or `service:BINDING`".to_owned()
        });
        return Some(Refusal::new(format!("has `{scheme}:` in front, which is no kind of origin")).fix(fix));
    }
    if tidy.contains('.') && hosts::is_host(tidy.split('/').next().unwrap_or_default()) {
        return Some(
            Refusal::new("does not say what kind of origin it is")
                .fix(format!("write `https://{tidy}` for a host, `assets:{tidy}` for a folder")),
        );
    }
    if nearest(tidy, ["zone"].into_iter()).is_some() {
        return Some(Refusal::new("is no kind of origin").fix("did you mean `zone`?"));
    }
    let folder = tidy.trim_matches('/');
    let fix = format!("write `assets:{folder}` for the folder of that name");
    (!folder.is_empty()).then(|| Refusal::new("does not say what kind of origin it is").fix(fix))
}

/// Reads an origin.
pub fn parse(text: &str) -> Result<Origin, Refusal> {
    if let Some(folder) = text.strip_prefix("assets:") {
        let trimmed = folder.trim_matches('/');
        if trimmed != folder {
            let refusal = Refusal::new("has a slash at its beginning or end; a folder is relative to the assets folder");
            return Err(if trimmed.is_empty() { refusal } else { refusal.fix(format!("write `assets:{trimmed}`")) });
        }
        check_path(folder, "folder")?;
        return Ok(Origin::Assets(format!("/{folder}")));
    }
    if let Some(rest) = text.strip_prefix("zone") {
        return Ok(Origin::Zone(base_path(rest.strip_prefix(':').unwrap_or_default())?));
    }
    if let Some(rest) = text.strip_prefix("r2:") {
        let (binding, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        if prefix.is_empty() {
            return Ok(Origin::R2(binding.to_owned(), String::new()));
        }
        check_path(prefix, "key prefix")?;
        if let Some(build) = prefix.strip_prefix('@') {
            check_uploaded(binding, build)?;
        }
        return Ok(Origin::R2(binding.to_owned(), format!("{prefix}/")));
    }
    if let Some(rest) = text.strip_prefix("service:") {
        let (binding, base) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        return Ok(Origin::Service(binding.to_owned(), base_path(base)?));
    }
    parse_url(text)
}

/// The name of an uploaded build, behind `@`: `SITE/VERSION`.
fn check_uploaded(binding: &str, build: &str) -> Result<(), Refusal> {
    let (site, version) = build.split_once('/').unwrap_or((build, ""));
    if [site, version].iter().all(|name| NAME.fits(name)) {
        return Ok(());
    }
    let refusal = Refusal::new("begins with `@`, which names an uploaded build by its site and its version");
    let said = if NAME.fits(site) { site } else { "SITE" };
    Err(refusal.fix(format!("write `r2:{binding}/@{said}/VERSION`, as `halftone deploy` prints it")))
}

/// A base path without its trailing slash; `""` is the root.
fn base_path(text: &str) -> Result<String, Refusal> {
    let base = text.trim_end_matches('/');
    if let Some(inner) = base.strip_prefix('/') {
        check_path(inner, "base path")?;
        check_url_characters(base)?;
    }
    Ok(base.to_owned())
}

fn check_path(path: &str, what: &str) -> Result<(), Refusal> {
    if path.contains(['?', '#']) {
        return Err(Refusal::new(format!("has a query or fragment, a {what} has none")).fix("take out what follows `?` or `#`"));
    }
    if path.contains('\\') {
        return Err(Refusal::new("has a backslash").fix("write `/` between names"));
    }
    let decoded = crate::route::percent_decoded(path);
    if [path, decoded.as_str()].iter().any(|path| path.split('/').any(|segment| matches!(segment, "." | ".."))) {
        return Err(
            Refusal::new(format!("has a `.` or `..` in it, and would leave its {what}")).fix("write the path without them")
        );
    }
    if path.split('/').any(str::is_empty) {
        return Err(Refusal::new("has two slashes in a row").fix(format!("write one `/` between the names of the {what}")));
    }
    Ok(())
}

fn check_url_characters(path: &str) -> Result<(), Refusal> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&b);
    if let Some(odd) = path.chars().find(|c| !u8::try_from(*c).is_ok_and(allowed)) {
        let mut escaped = String::new();
        crate::route::push_encoded(&crate::route::percent_decoded(path), &mut escaped);
        return Err(Refusal::new(format!("has `{odd}`, which addresses do not have"))
            .fix(format!("percent-encode the path: `{escaped}`")));
    }
    Ok(())
}

fn parse_url(text: &str) -> Result<Origin, Refusal> {
    let (scheme, rest) = text.split_once("://").ok_or_else(|| Refusal::new("is not an address"))?;
    let (authority, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at));
    if let Some((_, host)) = authority.rsplit_once('@') {
        let refusal = Refusal::new("has a user name or password in it, which would lie open in the plan");
        return Err(
            refusal.fix(format!("write `{scheme}://{host}{path}`; a service binding or signed request is the place for secrets"))
        );
    }
    if path.contains(['?', '#']) {
        let end = path.find(['?', '#']).unwrap_or(0);
        let base = path.get(..end).unwrap_or_default();
        let refusal = Refusal::new("has a query or fragment, and only the visitor's query goes to the origin");
        return Err(refusal.fix(format!("write `{scheme}://{authority}{base}`")));
    }
    let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let host = host.to_ascii_lowercase();
    if !hosts::is_host(&host) {
        let refusal = Refusal::new(format!("has the host `{host}`, which is not a hostname"));
        return Err(if host.is_ascii() { refusal } else { refusal.fix("write it as browsers send it, in Punycode: `xn--…`") });
    }
    let origin = match port.map(|port| (port, port.parse::<u16>())) {
        None => format!("{scheme}://{host}"),
        Some((digits, Ok(port))) if port > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            let usual = if scheme == "https" { 443 } else { 80 };
            if port == usual { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }
        }
        Some((digits, _)) => return Err(Refusal::new(format!("has the port `{digits}`, and ports go from 1 to 65535"))),
    };
    Ok(Origin::Url(origin, base_path(path)?))
}

/// Host of a `url` origin without port, and whether a port is named.
pub fn host_of(origin: &str) -> (&str, bool) {
    let authority = origin.split_once("://").map_or(origin, |parts| parts.1);
    match authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((host, _)) => (host, true),
        None => (authority, false),
    }
}

/// Reports an origin this Worker answers itself, and one whose files travel in the clear.
///
/// A local host with a port of its own is some other server of this machine: the Worker has another port.
pub fn check_url(origin: &str, node: &Node<'_>, hosts: &hosts::Table, admin: Option<&str>, report: &mut Report<'_>) {
    let (host, has_port) = host_of(origin);
    let elsewhere = hosts::is_local(host) && has_port;
    if let Some((pattern, site)) = hosts.find(host).filter(|_| !elsewhere) {
        let by = if pattern == host { String::new() } else { format!(" (by `{pattern}`)") };
        let words =
            found(node.shown(), format!("loops: this Worker answers for `{host}` itself, as a host of site `{site}`{by}"));
        report.add(
            Code::Loop,
            node,
            words
                .fix("write `zone` for the server behind the site's own hostname, or the address the build host gave this build"),
        );
    } else if admin == Some(host) && !elsewhere {
        let words = found(node.shown(), format!("loops: `{host}` is the admin host of this Worker"));
        report.add(Code::Loop, node, words.fix("write the address the build host gave this build"));
    }
    if origin.starts_with("http://") && !hosts::is_local(host) {
        let words = found(node.shown(), "is fetched over plain http: whoever is in between can change the files");
        let rest = node.text().unwrap_or(origin).trim_start_matches("http://");
        report.add(Code::PlainHttp, node, words.fix(format!("write `https://{rest}` if the host has it")));
    }
}
