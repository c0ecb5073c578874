//! The manifest of an uploaded build: which files it has, each with the hash of its content, its size and its type.
//!
//! `halftone deploy` makes it, the bucket keeps it as `builds/SITE/VERSION.json` beside the contents (`blobs/HASH`), and a
//! copy lies in `halftone-builds/` beside the config, where `check` and `compile` read it as they read a folder. Origins
//! name it by `r2:BINDING/@SITE/VERSION`. It never changes: another content is another version.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::builds::{Build, FileFacts, ServiceWorker, Sign};
use super::scan::{sign, walk};
use super::spelling;

/// The format this code writes and reads.
pub const FORMAT: &str = "halftone-build/1";

/// The folder beside the config that holds copies of manifests.
pub const FOLDER: &str = "halftone-builds";

/// Files one build may have: an isolate reads the manifest whole, some 130 bytes a file.
pub const MOST_FILES: usize = 20_000;

/// Bytes one file may have: what the network takes in one request on every plan.
pub const MOST_BYTES: u64 = 100_000_000;

/// Bytes a path may have: what a key of the bucket may have, less what stands in front.
const LONGEST_PATH: usize = 900;

/// A build as it was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// Name of the site it was made for.
    pub site: String,
    /// Id of the version.
    pub version: String,
    /// When it was made, seconds since 1970.
    pub made_s: u64,
    /// By path within the build, beginning with a slash, not percent-encoded.
    pub files: BTreeMap<String, Entry>,
    /// Signs of service workers, by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub service_workers: BTreeMap<String, Said>,
    /// The page script that its pages bring along, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tagged: Option<Tagged>,
}

/// What was put into the pages of a build when it was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tagged {
    /// Where the page script is: `PREFIX/page.js`.
    pub prefix: String,
    /// Pages that were left as they are, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

/// What becomes of a page at upload: its new content, or why it stays.
pub type Page<'a> = &'a dyn Fn(&[u8]) -> Result<Vec<u8>, Left>;

/// Why a page stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Its policy does not let the script run, or asks for what only the edge knows.
    Policy,
    /// It is no whole page, or can not be read as one.
    NoPage,
}

/// One file: SHA-256 of its content in hexadecimal digits, size in bytes, content type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry(pub String, pub u64, pub String);

/// What was found about a service worker, as manifests write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Said {
    /// It answers from a cache it filled beforehand.
    Precaches,
    /// It listens to `install` or `fetch`.
    Listens,
    /// The file registers one.
    Registers,
}

/// A manifest, and where on the disk each content is.
#[derive(Debug)]
pub struct Scanned {
    /// What is uploaded last.
    pub manifest: Manifest,
    /// Hash to where that content is.
    pub contents: BTreeMap<String, Content>,
    /// Pages that stay as they are because of their policy.
    pub barred: Vec<String>,
}

/// Where a content is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The file.
    pub file: PathBuf,
    /// Whether it is what becomes of that file as a page.
    pub is_tagged: bool,
}

impl Manifest {
    /// Reads a folder; the error names the file that can not be uploaded and why. `tag` is a prefix, and what becomes of pages
    /// that bring its page script along.
    pub fn scan(folder: &Path, site: &str, version: &str, made_s: u64, tag: Option<(&str, Page<'_>)>) -> Result<Scanned, String> {
        let mut manifest = Self {
            format: FORMAT.to_owned(),
            site: site.to_owned(),
            version: version.to_owned(),
            made_s,
            files: BTreeMap::new(),
            service_workers: BTreeMap::new(),
            tagged: None,
        };
        let (mut contents, mut except, mut barred) = (BTreeMap::new(), Vec::new(), Vec::new());
        walk(folder, MOST_FILES, |path, real, content| {
            let kind = content_type(&path);
            let page = tag.filter(|_| kind.starts_with("text/html")).map(|(_, page)| page(content));
            if let Some(Err(why)) = page {
                except.push(path.clone());
                if why == Left::Policy {
                    barred.push(path.clone());
                }
            }
            let made = page.and_then(Result::ok);
            let is_tagged = made.is_some();
            let content = made.as_deref().unwrap_or(content);
            let hash: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
            if let Some(sign) = sign(&path, content) {
                manifest.service_workers.insert(path.clone(), sign.into());
            }
            contents.entry(hash.clone()).or_insert_with(|| Content { file: real.to_owned(), is_tagged });
            manifest.files.insert(path, Entry(hash, content.len() as u64, kind.to_owned()));
        })
        .map_err(|error| error.to_string())?;
        except.sort();
        barred.sort();
        manifest.tagged = tag.map(|(prefix, _)| Tagged { prefix: prefix.to_owned(), except });
        manifest.check().map(|manifest| Scanned { manifest, contents, barred })
    }

    /// Reads what [`Manifest::write`] wrote, or what a server says it was.
    pub fn read(text: &str) -> Result<Self, String> {
        let manifest: Self = serde_json::from_str(text).map_err(|error| format!("it is no manifest of a build: {error}"))?;
        if manifest.format != FORMAT {
            return Err(format!("it has the format `{}`, and only `{FORMAT}` can be read here", manifest.format));
        }
        manifest.check()
    }

    /// One line of JSON and a line feed for each file, so that a copy in a repository shows what changed.
    #[must_use]
    pub fn write(&self) -> String {
        // Text and numbers alone: writing them does not fail.
        let text = serde_json::to_string(self).unwrap_or_default();
        text.replacen("\"files\":{", "\"files\":{\n", 1).replace("\"],\"/", "\"],\n\"/")
    }

    fn check(self) -> Result<Self, String> {
        for (what, name) in [("site", &self.site), ("version", &self.version)] {
            if !spelling::NAME.fits(name) {
                return Err(format!("`{name}` can not be the name of a {what}: {}", spelling::NAME.rule));
            }
        }
        if self.files.is_empty() {
            return Err("the build has no files: build the site first".to_owned());
        }
        if self.files.len() > MOST_FILES {
            return Err(format!("the build has {} files, and {MOST_FILES} is the most", self.files.len()));
        }
        for (path, Entry(hash, bytes, kind)) in &self.files {
            check_path(path)?;
            if hash.len() != 64 || !hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                return Err(format!("{path}: `{hash}` is no SHA-256 in 64 lower-case hexadecimal digits"));
            }
            if *bytes > MOST_BYTES {
                return Err(format!("{path} has {bytes} bytes, and {MOST_BYTES} is the most the network takes in one request"));
            }
            if kind.len() > 128 || kind.is_empty() || !kind.bytes().all(|b| (b' '..=b'~').contains(&b)) {
                return Err(format!("{path}: `{kind}` is no content type"));
            }
        }
        if let Some(Tagged { prefix, except }) = &self.tagged {
            if !prefix.starts_with('/') || prefix.len() > 64 || !prefix.bytes().all(|b| (b'!'..=b'~').contains(&b)) {
                return Err(format!("`{prefix}` can not be where the page script is"));
            }
            if let Some(path) = except.iter().find(|path| !self.files.contains_key(*path)) {
                return Err(format!("{path} is left as it is, and is no file of the build"));
            }
        }
        Ok(self)
    }

    /// What `check` and `compile` read of it.
    #[must_use]
    pub fn build(&self) -> Build {
        let facts = |Entry(hash, bytes, _): &Entry| {
            let first = hash.get(..16).and_then(|first| u64::from_str_radix(first, 16).ok());
            FileFacts { hash: first.unwrap_or(0), bytes: *bytes }
        };
        let workers = self.service_workers.iter();
        Build {
            files: self.files.iter().map(|(path, entry)| (path.clone(), facts(entry))).collect(),
            service_workers: workers.map(|(path, said)| ServiceWorker { path: path.clone(), sign: (*said).into() }).collect(),
        }
    }

    /// Where its copy is, relative to the config's folder.
    #[must_use]
    pub fn place(name: &str) -> String {
        format!("{FOLDER}/{name}.json")
    }
}

/// A path that an address can name and that stays in its build.
fn check_path(path: &str) -> Result<(), String> {
    if path.len() > LONGEST_PATH {
        return Err(format!("{path} is longer than {LONGEST_PATH} bytes"));
    }
    if path.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err(format!("{path:?} has a control character in its name, which no link should name"));
    }
    let mut encoded = String::with_capacity(path.len());
    crate::route::push_encoded(path, &mut encoded);
    match crate::route::SafePath::new(&encoded) {
        Some(safe) if safe.decoded == path && !path.ends_with('/') => Ok(()),
        _ => Err(format!("{path} is a name that the edge refuses to ask for: rename the file")),
    }
}

impl From<Sign> for Said {
    fn from(sign: Sign) -> Self {
        match sign {
            Sign::Precaches => Self::Precaches,
            Sign::Listens => Self::Listens,
            Sign::Registers => Self::Registers,
        }
    }
}

impl From<Said> for Sign {
    fn from(said: Said) -> Self {
        match said {
            Said::Precaches => Self::Precaches,
            Said::Listens => Self::Listens,
            Said::Registers => Self::Registers,
        }
    }
}

/// Content types by extension; a test holds them equal to those the edge gives objects that were uploaded without one.
const TYPES: [(&str, &str); 25] = [
    ("html", "text/html; charset=utf-8"),
    ("htm", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("map", "application/json"),
    ("webmanifest", "application/manifest+json"),
    ("wasm", "application/wasm"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("ico", "image/x-icon"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("txt", "text/plain; charset=utf-8"),
    ("xml", "application/xml"),
    ("pdf", "application/pdf"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("mp3", "audio/mpeg"),
];

fn content_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |parts| parts.1).to_ascii_lowercase();
    TYPES.iter().find(|(known, _)| *known == extension).map_or("application/octet-stream", |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "{\"format\":\"halftone-build/1\",\"site\":\"shop\",\"version\":\"a1b2c3d\",\"made_s\":1790000000,\"files\":{\n\"/index.html\":[\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\",3,\"text/html; charset=utf-8\"],\n\"/sw.js\":[\"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\",9,\"text/javascript; charset=utf-8\"]},\"service_workers\":{\"/sw.js\":\"listens\"}}";

    #[test]
    fn a_manifest_is_pinned_and_reads_as_it_was_written() {
        let read = Manifest::read(ONE).unwrap();
        assert_eq!(read.write(), ONE);
        let build = read.build();
        assert_eq!(build.files["/index.html"], FileFacts { hash: 0xba78_16bf_8f01_cfea, bytes: 3 });
        assert_eq!(build.service_workers[0].sign, Sign::Listens);
    }

    #[test]
    fn pages_that_bring_the_page_script_along_are_said_to() {
        let text = format!("{},\"tagged\":{{\"prefix\":\"/_halftone\",\"except\":[\"/index.html\"]}}}}", &ONE[..ONE.len() - 1]);
        let read = Manifest::read(&text).unwrap();
        assert_eq!(read.write(), text);
        assert_eq!(read.tagged, Some(Tagged { prefix: "/_halftone".to_owned(), except: vec!["/index.html".to_owned()] }));
    }

    #[test]
    fn a_manifest_that_could_lead_elsewhere_is_refused() {
        for (from, to, says) in [
            ("/sw.js\":[", "/../sw.js\":[", "refuses to ask for"),
            ("/sw.js\":[", "sw.js\":[", "refuses to ask for"),
            ("/sw.js\":[", "/a//b\":[", "refuses to ask for"),
            ("/sw.js\":[", "/a\\\\b\":[", "refuses to ask for"),
            ("/sw.js\":[", "/%2e%2e/b\":[", "refuses to ask for"),
            ("/sw.js\":[", "/a\\u0001\":[", "control character"),
            ("cb00753f", "CB00753f", "no SHA-256"),
            (",9,", ",100000001,", "is the most the network takes"),
            ("\"text/javascript; charset=utf-8\"", "\"a\\r\\nx: y\"", "no content type"),
            ("\"shop\"", "\"../shop\"", "name of a site"),
            ("halftone-build/1", "halftone-build/2", "only `halftone-build/1`"),
            ("\"made_s\"", "\"mode\":1,\"made_s\"", "no manifest"),
            ("\"made_s\"", "\"tagged\":{\"prefix\":\"a b\"},\"made_s\"", "where the page script is"),
            ("\"made_s\"", "\"tagged\":{\"prefix\":\"/h\",\"except\":[\"/x\"]},\"made_s\"", "no file of the build"),
        ] {
            let error = Manifest::read(&ONE.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(says), "{to}: {error}");
        }
    }

    #[test]
    fn types_are_those_the_edge_gives() {
        let edge = include_str!("../edge/files.mjs");
        let table = edge.split_once("const TYPES = {\n").unwrap().1.split_once("\n};").unwrap().0;
        let theirs: Vec<(&str, &str)> = table
            .lines()
            .map(|line| line.trim().split_once(": \"").map(|(name, kind)| (name, kind.trim_end_matches("\","))).unwrap())
            .collect();
        assert_eq!(theirs, TYPES);
    }
}
