//! What the Controller of a site says is in force: the site as the edge serves it, without its files.
//!
//! The plan embedded at deploy holds every site and what its builds hold. What changes while it runs is one site's splits,
//! and travels alone, as one line of text. Versions, origins and files are those of the plan: a live site says ids, and is
//! taken into every plan that has the versions it gives to somebody, whatever else either of them lists. So a deploy that brings a
//! version nobody gets yet, or leaves out one that nobody gets any more, never makes an isolate deaf. A version that says itself where it is
//! (`url`, `r2`) may come with the live site alone. A text that can not be read whole, or needs files that the build lacks, changes
//! nothing.

use super::{FORMAT, FileIndex, Origin, Plan, Site, Strategy, Version};
use crate::slot::{Ownership, VersionIndex};
use crate::visitor::base64url;

const HEAD: &str = "halftone-live/";

/// A site as it is in force; [`Site::files`] is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Live(Site);

impl Live {
    /// The site as it is, less its files.
    #[must_use]
    pub fn of(site: &Site) -> Self {
        Self(Site { files: FileIndex::default(), ..site.clone() })
    }

    /// One line of text: `halftone-live/3 ` and base64url of its bytes. The number is the plan's format.
    #[must_use]
    pub fn write(&self) -> String {
        let bytes = postcard::to_allocvec(&self.0).unwrap_or_default();
        format!("{HEAD}{FORMAT} {}", base64url::encode(&bytes))
    }

    /// The site.
    #[must_use]
    pub fn into_site(self) -> Site {
        self.0
    }

    /// Reads what [`Live::write`] wrote; the error is for the log.
    pub fn read(text: &str) -> Result<Self, String> {
        let Some((format, body)) = text.trim_end().strip_prefix(HEAD).and_then(|rest| rest.split_once(' ')) else {
            return Err(format!("live site: it does not begin with `{HEAD}`"));
        };
        if format.parse() != Ok(FORMAT) {
            return Err(format!("live site: format {format} can not be read here, only {FORMAT}"));
        }
        let bytes = base64url::decode(body).ok_or("live site: not base64url")?;
        match postcard::take_from_bytes(&bytes) {
            Ok((site, [])) => Ok(Self(site)),
            _ => Err("live site: cut off, garbled, or more than that".to_owned()),
        }
    }
}

impl Plan {
    /// Puts a live site in the place of the plan's own; the error is for the log, and then nothing has changed.
    pub fn adopt(&mut self, live: Live) -> Result<(), String> {
        let Live(site) = live;
        site.check()?;
        let Some(ours) = self.sites.iter_mut().find(|ours| ours.name == site.name) else {
            return Err(format!("live site: there is no site `{}` in the plan", site.name));
        };
        let mut site = site.among(ours)?;
        std::mem::swap(&mut ours.files, &mut site.files);
        *ours = site;
        Ok(())
    }
}

/// Stands for a version that a plan lacks; no site has so many.
const NONE: VersionIndex = VersionIndex(u8::MAX);

impl Site {
    /// The site with the versions of another one in the place of its own: told apart by id, because an id is one immutable build.
    fn among(mut self, build: &Self) -> Result<Self, String> {
        if self.versions == build.versions {
            return Ok(self);
        }
        let mut versions = build.versions.clone();
        let mut to = Vec::with_capacity(self.versions.len());
        for version in &self.versions {
            to.push(match build.find(&version.id) {
                Some(known) => known,
                // Published with the origin it is at, which a deploy has allowed: the edge asks there what it has.
                None if matches!(version.origin, Origin::Url(..) | Origin::R2(..)) && versions.len() < usize::from(NONE.0) => {
                    versions.push(Version { listed: false, ..version.clone() });
                    VersionIndex(versions.len() as u8 - 1)
                }
                None => NONE,
            });
        }
        let new = |version: VersionIndex| to.get(usize::from(version.0)).copied().unwrap_or(NONE);
        let lacking = self.given().find(|version| new(*version) == NONE);
        if let Some(lacking) = lacking.and_then(|version| self.version(version)) {
            return Err(format!(
                "live site: `{}` gives version `{}`, which this build does not have; it waits for one that has",
                self.name, lacking.id
            ));
        }
        let rename = |owners: &mut Ownership| *owners = owners.renamed(new);
        self.stable = new(self.stable);
        self.rules.iter_mut().for_each(|rule| rename(&mut rule.owners));
        if let Some(rollout) = &mut self.rollout {
            rollout.canary = new(rollout.canary);
            match &mut rollout.strategy {
                Strategy::Random(owners) => rename(owners),
                Strategy::Sequential(enrolment) => rename(&mut enrolment.of),
                Strategy::Geographic(waves) => waves.iter_mut().for_each(|wave| rename(&mut wave.owners)),
            }
        }
        self.quarantined = self.quarantined.iter().map(|version| new(*version)).filter(|version| *version != NONE).collect();
        self.versions = versions;
        Ok(self)
    }

    /// The versions that somebody can get, as often as they are named.
    pub(crate) fn given(&self) -> impl Iterator<Item = VersionIndex> {
        let rollout = self.rollout.iter().flat_map(|rollout| std::iter::once(rollout.canary).chain(rollout.strategy.owners()));
        let rules = self.rules.iter().flat_map(|rule| rule.owners.owners());
        std::iter::once(self.stable).chain(rollout).chain(rules)
    }
}

#[cfg(test)]
mod tests;
