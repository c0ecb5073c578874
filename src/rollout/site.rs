//! From a state to the site that the edge serves.

use super::state::State;
use crate::plan::Site;
use crate::slot::VersionIndex;

/// The site in force, without its files.
#[must_use]
pub fn in_force(state: &State) -> Site {
    let offer = &state.offer;
    let stable = offer.site.find(&state.stable).unwrap_or(offer.site.stable);
    let quarantined: Vec<VersionIndex> =
        state.quarantine.iter().filter_map(|one| offer.site.find(&one.version)).filter(|version| *version != stable).collect();
    let mut site =
        Site { revision: state.revision, stable, quarantined, is_off: state.is_off, rollout: None, ..offer.site.clone() };
    for rule in &mut site.rules {
        let is_bad = |version: VersionIndex| site.quarantined.contains(&version);
        rule.owners = rule.owners.renamed(|version| if is_bad(version) { stable } else { version });
    }
    if state.is_off {
        site.rules.clear();
        site.feedback.on = false;
        return site;
    }
    if let (Some(run), Some(ladder), true) = (&state.run, &offer.rollout, state.is_drawing()) {
        site.rollout = run.rung(ladder).map(|rung| ladder.given(rung, run.step, run.attempt, stable, &run.areas_back));
    }
    site
}

/// The ids of all versions that somebody gets, or will get when what waits comes into force.
#[must_use]
pub fn given(state: &State) -> Vec<String> {
    let ids = |site: &Site, more: Option<VersionIndex>| -> Vec<String> {
        let all = site.given().chain(more).filter_map(|version| site.version(version));
        all.map(|version| version.id.clone()).collect()
    };
    let mut all = ids(&in_force(state), None);
    if let (true, Some(run)) = (state.is_running(), &state.run) {
        all.push(run.canary.clone());
    }
    if let Some(queued) = &state.queued {
        all.extend(ids(&queued.site, queued.rollout.as_ref().map(|ladder| ladder.canary)));
    }
    all.sort();
    all.dedup();
    all
}
