//! Which file of a build answers a path, where the build's file list is known.
//!
//! Names are resolved as the static-assets platform does with `auto-trailing-slash`: `/about` is `about.html`, `/docs/`
//! is `docs/index.html`, and other spellings of the same page are redirected to these, without the version's prefix. A test
//! asks both for a few hundred names.

use crate::plan::{FileIndex, NotFound};
use crate::slot::VersionIndex;

/// What a path means in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// This file, by its decoded path within the build.
    File(String),
    /// The page's address is this path.
    Elsewhere(String),
    /// There is no such file; the version's own page for that, if it has one.
    Missing(Option<String>),
}

/// Resolves a decoded path in one version. `page` says whether a page was asked for, which is when a single-page
/// application answers with its index.
#[must_use]
pub fn resolve(files: &FileIndex, version: VersionIndex, not_found: NotFound, path: &str, page: bool) -> Resolved {
    let has = |path: &str| files.find(path).in_version(version);
    if let Some(found) = spelled(path, has) {
        return found;
    }
    if not_found == NotFound::Spa && page && has("/index.html") {
        return Resolved::File("/index.html".to_owned());
    }
    Resolved::Missing(nearest_404(path, has))
}

/// What the path is the name of, as the platform finds it with `auto-trailing-slash`: another spelling of a page goes to the
/// page's address, where there is one.
fn spelled(path: &str, has: impl Fn(&str) -> bool) -> Option<Resolved> {
    let elsewhere = if let Some(page) = path.strip_suffix("/index") {
        if has(path) {
            return Some(Resolved::File(path.to_owned()));
        }
        moved(&format!("{path}.html"), &format!("{page}/"), &has).or_else(|| moved(&format!("{page}.html"), page, &has))
    } else if let Some(page) = path.strip_suffix("/index.html") {
        moved(path, &format!("{page}/"), &has).or_else(|| moved(&format!("{page}.html"), page, &has))
    } else if let Some(page) = path.strip_suffix('/') {
        let index = format!("{path}index.html");
        if has(&index) {
            return Some(Resolved::File(index));
        }
        moved(&format!("{page}.html"), page, &has)
    } else if let Some(page) = path.strip_suffix(".html") {
        moved(path, page, &has).or_else(|| moved(&format!("{page}/index.html"), &format!("{page}/"), &has))
    } else {
        None
    };
    elsewhere
        .or_else(|| answers(path, &has).map(Resolved::File))
        .or_else(|| moved(&format!("{path}/index.html"), &format!("{path}/"), &has))
}

/// The address of the page in `file`, if it is this one: no file has its name, and asked for there this page answers.
fn moved(file: &str, address: &str, has: &impl Fn(&str) -> bool) -> Option<Resolved> {
    let lives = has(file) && !has(address) && answers(address, has).is_some_and(|page| page == file);
    lives.then(|| Resolved::Elsewhere(address.to_owned()))
}

/// The file that answers at an address, if nobody is sent elsewhere.
fn answers(address: &str, has: &impl Fn(&str) -> bool) -> Option<String> {
    let file = |name: String| has(&name).then_some(name);
    let index = address.ends_with('/').then(|| file(format!("{address}index.html"))).flatten();
    index.or_else(|| file(address.to_owned())).or_else(|| file(format!("{address}.html")))
}

/// The `404.html` nearest to a path, upwards.
fn nearest_404(path: &str, has: impl Fn(&str) -> bool) -> Option<String> {
    let mut folder = path;
    while let Some((above, _)) = folder.rsplit_once('/') {
        let page = format!("{above}/404.html");
        if has(&page) {
            return Some(page);
        }
        folder = above;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(path: &str, not_found: NotFound) -> Resolved {
        let names = [
            "/index.html",
            "/about.html",
            "/docs/index.html",
            "/docs/404.html",
            "/404.html",
            "/app.js",
            "/x.html",
            "/x/index.html",
            "/bare",
            "/bare.html",
        ];
        let files = FileIndex::build(names.iter().map(|&name| (name, 1, false))).unwrap();
        resolve(&files, VersionIndex(0), not_found, path, true)
    }

    #[test]
    fn names_resolve_as_the_platform_does() {
        let file = |path: &str| Resolved::File(path.to_owned());
        let elsewhere = |path: &str| Resolved::Elsewhere(path.to_owned());
        for (path, expected) in [
            ("/", file("/index.html")),
            ("/index.html", elsewhere("/")),
            ("/index", elsewhere("/")),
            ("/about", file("/about.html")),
            ("/about.html", elsewhere("/about")),
            ("/about/", elsewhere("/about")),
            ("/docs", elsewhere("/docs/")),
            ("/docs/", file("/docs/index.html")),
            ("/docs/index.html", elsewhere("/docs/")),
            ("/docs/index", elsewhere("/docs/")),
            ("/app.js", file("/app.js")),
            ("/x", file("/x.html")),
            ("/x/", file("/x/index.html")),
            ("/x.html", elsewhere("/x")),
            ("/about/index", elsewhere("/about")),
            ("/about/index.html", elsewhere("/about")),
            ("/docs.html", elsewhere("/docs/")),
            ("/bare", file("/bare")),
            ("/bare.html", file("/bare.html")),
            ("/bare/", Resolved::Missing(Some("/404.html".to_owned()))),
        ] {
            assert_eq!(resolved(path, NotFound::Page), expected, "{path}");
        }
    }

    #[test]
    fn a_missing_file_gets_the_nearest_page_for_that() {
        let missing = |page: &str| Resolved::Missing(Some(page.to_owned()));
        assert_eq!(resolved("/nope", NotFound::Page), missing("/404.html"));
        assert_eq!(resolved("/docs/a/b", NotFound::Page), missing("/docs/404.html"));
        assert_eq!(resolved("/docs/", NotFound::Spa), Resolved::File("/docs/index.html".to_owned()));
        assert_eq!(resolved("/nope", NotFound::Spa), Resolved::File("/index.html".to_owned()));
    }
}
