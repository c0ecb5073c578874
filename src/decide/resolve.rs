//! Which file of a build answers a path, where the build's file list is known.
//!
//! Names are resolved as the static-assets platform does with `auto-trailing-slash`: `/about` is `about.html`, `/docs/`
//! is `docs/index.html`, and other spellings of the same page are redirected to these, without the version's prefix.

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

fn spelled(path: &str, has: impl Fn(&str) -> bool) -> Option<Resolved> {
    let file = |name: String| has(&name).then_some(name);
    if let Some(folder) = path.strip_suffix('/') {
        if let Some(index) = file(format!("{path}index.html")) {
            return Some(Resolved::File(index));
        }
        let is_page = !folder.is_empty() && has(&format!("{folder}.html"));
        return is_page.then(|| Resolved::Elsewhere(folder.to_owned()));
    }
    if let Some(page) = path.strip_suffix(".html").filter(|_| has(path)) {
        return Some(match page.strip_suffix("/index") {
            Some(folder) => Resolved::Elsewhere(format!("{folder}/")),
            None if page.ends_with('/') || has(page) || has(&format!("{page}/index.html")) => Resolved::File(path.to_owned()),
            None => Resolved::Elsewhere(page.to_owned()),
        });
    }
    if has(path) {
        return Some(Resolved::File(path.to_owned()));
    }
    if let Some(page) = file(format!("{path}.html")) {
        return Some(match path.strip_suffix("/index") {
            Some(folder) => Resolved::Elsewhere(format!("{folder}/")),
            None => Resolved::File(page),
        });
    }
    has(&format!("{path}/index.html")).then(|| Resolved::Elsewhere(format!("{path}/")))
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
            ("/x.html", file("/x.html")),
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
