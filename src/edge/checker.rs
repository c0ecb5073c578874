//! What the dashboard's editor asks in the browser: the checker of the command line and the plan's compiler, over what is in force.
//!
//! Nothing here knows what the builds hold, so nothing is said about their files.

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::wasm_bindgen;

use super::buffer;
use crate::config::{self, Builds, Checked, Problem};
use crate::plan::compile::{self, Listings, Uncompilable};
use crate::plan::{Live, Plan, Site};
use crate::rollout::offer::Offer;
use crate::rollout::state::Standing;
use crate::rollout::{Change, changes};

/// One site as it is in force, as the admin API says it.
#[derive(Deserialize)]
struct InForce {
    site: String,
    revision: u64,
    offer: Offer,
    live: String,
}

/// What came of a text.
#[derive(Serialize)]
struct Inspected {
    problems: Vec<Shown>,
    /// What would be published, site by site; nothing while there is an error.
    offers: Vec<Offered>,
    /// Why there is none although the text is valid.
    failed: Option<String>,
}

/// A problem and the sentence a person reads.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    problem: Problem,
    text: String,
}

/// What one site's part of the text comes to.
#[derive(Serialize)]
struct Offered {
    site: String,
    offer: Offer,
    /// What differs from what is in force, of a site of which that is known.
    changes: Option<Vec<Change>>,
}

/// Checks a config and compiles it: what is in force as a list in JSON in the first line, the text of the config behind it. Leaves JSON.
#[wasm_bindgen]
pub fn inspect(bytes: usize) -> usize {
    buffer::with(bytes, |input, out| {
        let (live, text) = input.split_once('\n').unwrap_or(("", input));
        let live: Vec<InForce> = serde_json::from_str(live).unwrap_or_default();
        let Checked { config, problems } = config::check(text.as_bytes(), &Builds::unknown());
        let compiled = config.as_ref().map_or(Ok(Vec::new()), |config| compiled(config, &live));
        let (offers, failed) = match compiled {
            Ok(offers) => (offers, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let shown = |problem: Problem| {
            let text = sentence(&problem);
            Shown { problem, text }
        };
        let inspected = Inspected { problems: problems.into_iter().map(shown).collect(), offers, failed };
        out.push_str(&serde_json::to_string(&inspected).unwrap_or_default());
    })
}

/// A problem without its place, which the editor shows.
fn sentence(problem: &Problem) -> String {
    let found = problem.found.as_ref().map_or(String::new(), |found| format!("`{found}` "));
    let fix = problem.fix.as_ref().map_or(String::new(), |fix| format!(" — {fix}"));
    format!("{found}{}{fix}", problem.why)
}

fn compiled(config: &config::model::Config, live: &[InForce]) -> Result<Vec<Offered>, String> {
    let serving = live.iter().map(|one| Ok((Live::read(&one.live)?.into_site(), &one.offer)));
    let serving: Vec<(Site, &Offer)> = serving.collect::<Result<_, String>>()?;
    let listings = listed(config, live);
    let said = |why: Uncompilable| why.to_string();
    let previous = compile::in_force(config, &listings, &serving).map_err(said)?;
    let revision = live.iter().map(|one| one.revision + 1).max().unwrap_or(1);
    let plan: Plan = compile::compile(config, &listings, previous.as_ref(), revision).map_err(said)?;
    let offers = compile::offers(config, &plan).map_err(said)?;
    let standing = |offer: &Offer| Standing { offer: offer.clone(), stable: offer.id_of(offer.site.stable).to_owned() };
    let each = offers.into_iter().map(|offer| {
        let known = live.iter().find(|one| one.site == offer.site.name);
        let changes = known.map(|known| changes(&standing(&known.offer), &standing(&offer)));
        Offered { site: offer.site.name.clone(), offer, changes }
    });
    Ok(each.collect())
}

/// Which versions have lists of files: those that are in force have what the build knows of them, the files themselves stay there.
fn listed(config: &config::model::Config, live: &[InForce]) -> Listings {
    let of_site = |site: &config::model::Site| {
        let known = live.iter().find(|one| one.site == site.name);
        let of_version = |id: &str| {
            let site = &known?.offer.site;
            site.version(site.find(id)?).filter(|version| version.listed).map(|_| std::collections::BTreeMap::new())
        };
        site.versions.iter().map(|version| of_version(&version.id)).collect()
    };
    config.sites.iter().map(of_site).collect()
}

/// The JSON schema of the config.
#[wasm_bindgen]
pub fn schema() -> usize {
    buffer::with(0, |_, out| out.push_str(&config::schema()))
}
