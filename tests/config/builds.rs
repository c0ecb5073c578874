//! What the builds hold: missing folders, names with two contents, files under the prefix, service workers; and the scan
//! that finds out.

use std::path::{Path, PathBuf};

use halftone::config::{Build, Builds, Checked, Sign, Source, check, sources};
use insta::assert_snapshot;

use crate::{lines, shop};

fn build(files: &[(&str, &str)]) -> Build {
    files.iter().map(|(path, content)| ((*path).to_owned(), content.as_bytes().to_vec())).collect()
}

/// A shop whose versions v1 and v2 hold these files.
fn with(keys: &str, v1: &[(&str, &str)], v2: &[(&str, &str)]) -> Checked {
    let mut builds = Builds::unknown();
    builds.insert(Source::Assets("v1".to_owned()), build(v1));
    builds.insert(Source::Assets("v2".to_owned()), build(v2));
    check(shop(keys).as_bytes(), &builds)
}

const INDEX: (&str, &str) = ("/index.html", "<h1>shop</h1>");

#[test]
fn builds_without_surprises_are_fine() {
    let checked = with(
        "",
        &[INDEX, ("/a-1f2e3d4c.js", "1")],
        &[("/index.html", "<h1>new</h1>"), ("/a-5b6a7988.js", "2"), ("/robots.txt", "x")],
    );
    assert_eq!(lines(&checked), "");
    assert!(checked.config.is_some());
}

#[test]
fn a_missing_folder_is_told_from_a_typing_error() {
    let mut builds = Builds::unknown();
    builds.insert(Source::Assets("v1".to_owned()), build(&[INDEX]));
    builds.insert_missing(Source::Assets("v2".to_owned()), vec!["v1".to_owned(), "v2b".to_owned()]);
    let checked = check(shop("").as_bytes(), &builds);
    assert_snapshot!(lines(&checked), @"1:63 sites.shop.versions.v2: `assets:v2` is not there: the assets folder has no folder of this name — did you mean `v2b`?");
    assert!(checked.config.is_none());
    builds.insert_missing(Source::Assets("v2".to_owned()), vec!["dist".to_owned()]);
    assert_snapshot!(lines(&check(shop("").as_bytes(), &builds)), @"1:63 sites.shop.versions.v2: `assets:v2` is not there: the assets folder has no folder of this name — build it first; the folders there are `dist`");
    builds.insert_missing(Source::Assets("v2".to_owned()), Vec::new());
    assert_snapshot!(lines(&check(shop("").as_bytes(), &builds)), @"1:63 sites.shop.versions.v2: `assets:v2` is not there: the assets folder has no folder of this name — build the site first");
}

#[test]
fn a_missing_list_of_a_remote_build_is_told_where_it_was_looked_for() {
    let file =
        r#"{ "sites": { "shop": { "versions": { "v1": { "origin": "r2:BUILDS/v1", "files": "dist/v1" } }, "stable": "v1" } } }"#;
    assert_eq!(sources(file.as_bytes()), [Source::Folder("dist/v1".to_owned())]);
    let mut builds = Builds::unknown();
    builds.insert_missing(Source::Folder("dist/v1".to_owned()), vec!["dist/v2".to_owned()]);
    assert_snapshot!(lines(&check(file.as_bytes(), &builds)), @"1:81 sites.shop.versions.v1.files: `dist/v1` is not there: there is no such folder beside the config file — did you mean `dist/v2`?");
}

#[test]
fn an_uploaded_build_is_listed_by_the_copy_of_its_manifest() {
    let base = folder("uploaded");
    let file =
        r#"{ "sites": { "shop": { "versions": { "a1": "r2:BUILDS/@shop/a1", "a2": "r2:BUILDS/@shop/a2" }, "stable": "a1" } } }"#;
    let manifest = |version: &str| {
        format!(
            r#"{{"format":"halftone-build/1","site":"shop","version":"{version}","made_s":1,"files":{{"/index.html":["7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",3,"text/html"]}}}}"#
        )
    };
    let source = |version: &str| Source::Uploaded(format!("shop/{version}"));
    assert_eq!(sources(file.as_bytes()), [source("a1"), source("a2")]);
    let scan = || Builds::scan(&base, &base.join("www"), &sources(file.as_bytes()));
    write(&base, "halftone-builds/shop/a1.json", &manifest("a1"));
    write(&base, "halftone-builds/shop/b2.json", &manifest("b2"));
    let builds = scan().unwrap();
    assert_eq!(builds.get(&source("a1")).unwrap().files["/index.html"].hash, 0x7692_c3ad_3540_bb80);
    assert_snapshot!(lines(&check(file.as_bytes(), &builds)), @"1:72 sites.shop.versions.a2: `r2:BUILDS/@shop/a2` is not there: no `halftone-builds/shop/a2.json` beside the config file says what it holds — did you mean `@shop/a1`?");
    write(&base, "halftone-builds/shop/a2.json", &manifest("a1"));
    assert_snapshot!(scan().unwrap_err().to_string(), @"halftone-builds/shop/a2.json is the manifest of @shop/a1");
    write(&base, "halftone-builds/shop/a2.json", "{}");
    assert!(scan().unwrap_err().to_string().contains("halftone-builds/shop/a2.json: it is no manifest of a build"));
    for (named, says) in [
        ("@shop", "begins with `@`, which names an uploaded build by its site and its version — write `r2:BUILDS/@shop/VERSION`"),
        ("@shop/a/b", "begins with `@`"),
        ("@/a", "begins with `@`"),
    ] {
        let said = lines(&check(file.replace("@shop/a1", named).as_bytes(), &Builds::unknown()));
        assert!(said.contains(says), "{named}: {said}");
    }
}

#[test]
fn a_folder_that_holds_no_site_is_noticed() {
    assert_snapshot!(lines(&with("", &[INDEX], &[])), @"1:63 sites.shop.versions.v2: `assets:v2` holds no files — build the site into it first");
    assert_snapshot!(lines(&with("", &[INDEX], &[("/assets/a.js", "1")])), @"1:63 warning: sites.shop.versions.v2: `assets:v2` holds no `/index.html`: its front page would be a 404 — name the folder that holds `index.html`");
}

#[test]
fn files_under_the_reserved_prefix_would_never_be_served() {
    let checked = with("", &[INDEX], &[INDEX, ("/_halftone/a.js", "1"), ("/_halftone.js", "1")]);
    assert_snapshot!(lines(&checked), @"1:63 sites.shop.versions.v2: `assets:v2` holds `/_halftone/a.js` under the reserved prefix `/_halftone`, where Halftone answers itself — rename them, or choose another `prefix`");
    assert!(checked.config.is_none());
}

#[test]
fn one_name_with_two_contents_is_reported_once_for_a_site() {
    let checked = with(
        "",
        &[
            INDEX,
            ("/app.js", "1"),
            ("/style.css", "1"),
            ("/logo.svg", "same"),
            ("/favicon.ico", "1"),
            ("/feed.xml", "1"),
            ("/about/index.html", "1"),
        ],
        &[
            ("/index.html", "2"),
            ("/app.js", "2"),
            ("/style.css", "2"),
            ("/logo.svg", "same"),
            ("/favicon.ico", "2"),
            ("/feed.xml", "2"),
            ("/about/index.html", "2"),
        ],
    );
    assert_snapshot!(lines(&checked), @"1:36 warning: sites.shop.versions: 2 names are in several builds with different content: `/app.js (v1, v2)` and `/style.css (v1, v2)`; a page that is still open when its visitor moves to another build can get the wrong one — let the build put a content hash into the names of scripts, styles and images");
    assert!(checked.config.is_some());
}

#[test]
fn at_most_ten_names_are_listed() {
    let name = |at: usize| format!("/{at:02}.js");
    let files = |content: &str| {
        (0..15)
            .map(|at| (name(at), content.as_bytes().to_vec()))
            .chain([("/index.html".to_owned(), Vec::new())])
            .collect::<Build>()
    };
    let mut builds = Builds::unknown();
    builds.insert(Source::Assets("v1".to_owned()), files("1"));
    builds.insert(Source::Assets("v2".to_owned()), files("2"));
    assert_snapshot!(lines(&check(shop("").as_bytes(), &builds)), @"1:36 warning: sites.shop.versions: 15 names are in several builds with different content: `/00.js (v1, v2)`, `/01.js (v1, v2)`, `/02.js (v1, v2)`, `/03.js (v1, v2)`, `/04.js (v1, v2)`, `/05.js (v1, v2)`, `/06.js (v1, v2)`, `/07.js (v1, v2)`, `/08.js (v1, v2)`, `/09.js (v1, v2)` and 5 more; a page that is still open when its visitor moves to another build can get the wrong one — let the build put a content hash into the names of scripts, styles and images");
}

#[test]
fn all_names_are_there_for_scripts() {
    let checked = with("", &[INDEX, ("/app.js", "1"), ("/b.css", "1")], &[INDEX, ("/app.js", "2"), ("/b.css", "2")]);
    let json = serde_json::to_value(&checked.problems[0]).unwrap();
    assert_eq!(json["paths"], serde_json::json!({ "/app.js": ["v1", "v2"], "/b.css": ["v1", "v2"] }));
    let mut builds = Builds::unknown();
    for version in ["v1", "v2"] {
        let files = (0..15).map(|at| (format!("/{at:02}.js"), version.as_bytes().to_vec()));
        builds.insert(Source::Assets(version.to_owned()), files.chain([("/index.html".to_owned(), Vec::new())]).collect());
    }
    assert_eq!(check(shop("").as_bytes(), &builds).problems[0].paths.len(), 15, "not ten of them");
}

#[test]
fn builds_whose_files_are_not_known_can_not_be_compared_and_that_is_said() {
    let said_with = |versions: &str, more: &str| {
        let file = format!(r#"{{ "sites": {{ "shop": {{ "versions": {{ {versions} }}, "stable": "v1"{more} }} }} }}"#);
        let nowhere = Path::new("/nowhere");
        let mut builds = Builds::scan(nowhere, nowhere, &[]).unwrap();
        builds.insert(Source::Folder("dist/v3".to_owned()), build(&[INDEX]));
        lines(&check(file.as_bytes(), &builds))
    };
    let said = |versions: &str| said_with(versions, r#", "rollout": { "canary": "v2" }"#);
    assert_snapshot!(said(r#""v1": "https://v1.example", "v2": "r2:BUILDS/v2", "v3": { "origin": "r2:BUILDS/v3", "files": "dist/v3" }"#), @r#"1:36 warning: sites.shop.versions: the files of `v1` and `v2` are not known, so names that builds share with different content, and service workers, can not be looked for there — add `"files": "FOLDER"`, a copy of the build beside the config, if you have one"#);
    assert_eq!(said_with(r#""v1": "https://v1.example""#, ""), "", "there is nothing to compare it with");
    assert_eq!(said_with(r#""v1": "https://v1.example", "v2": "https://v2.example""#, ""), "", "nobody moves");
    assert_eq!(
        said(
            r#""v1": { "origin": "r2:BUILDS/v3", "files": "dist/v3" }, "v2": "zone", "v3": "service:NEXT", "v4": "r2:BUILDS/@shop/v4""#
        ),
        "",
        "a server is no folder of files, and an uploaded build has a list"
    );
}

#[test]
fn names_that_the_config_calls_hashed_must_be() {
    let checked =
        with(r#""cache": { "hashed": ["/assets/**"] }"#, &[INDEX, ("/assets/app.js", "1")], &[INDEX, ("/assets/app.js", "2")]);
    assert_snapshot!(lines(&checked), @"1:36 warning: sites.shop.versions: 1 name is in several builds with different content, and `cache.hashed` says their names change with it: `/assets/app.js (v1, v2)` — narrow `cache.hashed` to names that hold a content hash; until then these files are not cached for long");
}

#[test]
fn service_workers_are_found_by_what_they_do() {
    let workbox = ("/sw.js", "importScripts('workbox.js');workbox.precaching.precacheAndRoute([{url:'a.js'}])");
    assert_snapshot!(lines(&with("", &[INDEX], &[INDEX, workbox])), @"1:63 warning: sites.shop.versions.v2: `assets:v2` holds a service worker that keeps a whole build in the browser: after a rollback it would go on serving that build (`/sw.js`) — docs/operations.md says what a rollback then needs");
    let plain = ("/offline.js", "self.addEventListener('fetch',event=>event.respondWith(caches.match(event.request)))");
    assert_snapshot!(lines(&with("", &[INDEX], &[INDEX, plain])), @"1:63 warning: sites.shop.versions.v2: `assets:v2` holds a service worker: if it answers from its cache, it goes on serving this build after a rollback (`/offline.js`) — docs/operations.md says what a rollback then needs");
    let registers = ("/index.html", "<script>navigator.serviceWorker.register('/sw.js')</script>");
    assert_snapshot!(lines(&with("", &[INDEX], &[registers])), @"1:63 warning: sites.shop.versions.v2: `assets:v2` holds a page that registers a service worker: if that answers from its cache, it outlives a rollback (`/index.html`) — docs/operations.md says what a rollback then needs");
}

#[test]
fn ordinary_scripts_are_no_service_workers() {
    let scripts = [
        "document.addEventListener('fetch', load)",
        "button.addEventListener(\"install\", f)",
        "window.addEventListener('load', f); fetch('/a')",
        "if ('serviceWorker' in navigator) console.log(1)",
        "",
    ];
    for script in scripts {
        assert!(build(&[("/app.js", script)]).service_workers.is_empty(), "{script}");
    }
    let sign = |script: &str| build(&[("/sw.js", script)]).service_workers.first().map(|worker| worker.sign);
    assert_eq!(sign("addEventListener(\"install\",()=>caches.open('a').then(c=>c.addAll(['/'])))"), Some(Sign::Precaches));
    assert_eq!(sign("self.onfetch = event => {}"), Some(Sign::Listens));
    assert_eq!(
        sign("navigator.serviceWorker.getRegistration().then(r => r || navigator.serviceWorker.register('/x.js'))"),
        Some(Sign::Registers)
    );
}

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("config").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn write(folder: &Path, path: &str, content: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[test]
fn a_scan_lists_the_files_of_every_folder_the_config_names() {
    let base = folder("scan");
    write(&base, "www/v1/index.html", "one");
    write(&base, "www/v1/a b/ü.txt", "two");
    write(&base, "www/v1/.git/HEAD", "x");
    write(&base, "dist/index.html", "three");
    let file = r#"{ "sites": { "shop": { "versions": { "v1": "assets:v1", "v2": "assets:v2", "v3": { "origin": "https://x.example", "files": "dist" } }, "stable": "v9" } } }"#;
    let builds = Builds::scan(&base, &base.join("www"), &sources(file.as_bytes())).unwrap();
    let v1 = builds.get(&Source::Assets("v1".to_owned())).unwrap();
    assert_eq!(v1.files.keys().collect::<Vec<_>>(), ["/a b/ü.txt", "/index.html"]);
    // The first eight bytes of SHA-256("one").
    assert_eq!(v1.files["/index.html"].hash, 0x7692_c3ad_3540_bb80);
    assert_eq!(v1.files["/index.html"].bytes, 3);
    assert_eq!(builds.missing(&Source::Assets("v2".to_owned())), Some(["v1".to_owned()].as_slice()));
    assert!(builds.get(&Source::Folder("dist".to_owned())).is_some());
    // Problems of the builds are said beside those of the file.
    let said = lines(&check(file.as_bytes(), &builds));
    assert!(said.contains("is not there") && said.contains("is not a version of this site"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_scan_stays_inside_of_the_folder() {
    let base = folder("links");
    write(&base, "secret.txt", "x");
    write(&base, "www/v1/index.html", "one");
    write(&base, "www/v1/deep/a.js", "two");
    for (to, at) in [
        ("../../secret.txt", "secret.txt"),
        ("deep", "again"),
        ("..", "up"),
        (".", "deep/loop"),
        ("nowhere", "dead"),
        ("index.html", "home.html"),
    ] {
        std::os::unix::fs::symlink(to, base.join("www/v1").join(at)).unwrap();
    }
    let source = Source::Assets("v1".to_owned());
    let builds = Builds::scan(&base, &base.join("www"), std::slice::from_ref(&source)).unwrap();
    let files: Vec<&String> = builds.get(&source).unwrap().files.keys().collect();
    assert_eq!(files, ["/again/a.js", "/deep/a.js", "/home.html", "/index.html"]);
}
