use super::*;
use crate::decide::tests::scene::{listed, plan, ramp, site};
use crate::slot::VersionIndex;

fn with_files() -> Site {
    listed(site(), &[("/index.html", 1, true)])
}

#[test]
fn a_live_site_takes_the_place_of_the_plans_own_and_keeps_its_files() {
    let mut plan = plan(vec![with_files()]);
    let text = Live::of(&listed(Site { revision: 14, ..ramp(2500) }, &[])).write();
    plan.adopt(Live::read(&text).unwrap()).unwrap();
    let after = &plan.sites[0];
    assert_eq!((after.revision, after.rollout.is_some()), (14, true));
    assert_eq!(after.files, with_files().files);
}

/// The site of the tests as an older or newer build would list it: these versions, in this order.
fn build_of(ids: &[&str]) -> Site {
    let known = with_files();
    let version = |id: &&str| {
        let known = known.versions.iter().find(|version| version.id == **id);
        known.cloned().unwrap_or_else(|| crate::plan::Version { id: (*id).to_owned(), ..known_first() })
    };
    Site { versions: ids.iter().map(version).collect(), ..with_files() }
}

fn known_first() -> crate::plan::Version {
    with_files().versions.remove(0)
}

#[test]
fn a_deploy_that_adds_a_version_in_front_still_takes_what_is_in_force_by_its_ids() {
    let old = ramp(2500);
    let ids: Vec<&str> = old.versions.iter().map(|version| version.id.as_str()).collect();
    let mut more = vec!["brand-new"];
    more.extend(&ids);
    let mut plan = plan(vec![build_of(&more)]);
    let build = plan.sites[0].clone();
    let live = Site { revision: 14, quarantined: vec![VersionIndex(1)], ..old.clone() };
    plan.adopt(Live::read(&Live::of(&live).write()).unwrap()).unwrap();
    let after = &plan.sites[0];
    assert_eq!((after.versions.as_slice(), after.revision), (build.versions.as_slice(), 14));
    let id = |index| after.version(index).unwrap().id.clone();
    let (then, now) = (old.rollout.as_ref().unwrap(), after.rollout.as_ref().unwrap());
    assert_eq!(id(after.stable), old.version(old.stable).unwrap().id);
    assert_eq!(id(now.canary), old.version(then.canary).unwrap().id);
    assert_eq!(after.quarantined.iter().map(|index| id(*index)).collect::<Vec<_>>(), [ids[1]]);
    let shares = |site: &Site, rollout: &crate::plan::Rollout| -> Vec<(String, u16)> {
        let crate::plan::Strategy::Random(owners) = &rollout.strategy else { return Vec::new() };
        owners.owners().map(|index| (site.version(index).unwrap().id.clone(), owners.share(index).bp())).collect()
    };
    assert_eq!(shares(after, now), shares(&old, then));
    assert!(after.check().is_ok());
}

#[test]
fn a_version_that_nobody_gets_may_be_missing_in_the_build_even_from_quarantine() {
    let old = Site { quarantined: vec![VersionIndex(1)], rules: Vec::new(), ..with_files() };
    let mut plan = plan(vec![build_of(&[&known_first().id])]);
    plan.adopt(Live::of(&Site { revision: 9, ..old })).unwrap();
    assert_eq!((plan.sites[0].revision, plan.sites[0].quarantined.as_slice()), (9, &[][..]));
}

#[test]
fn a_live_site_that_gives_a_version_the_build_lacks_changes_nothing() {
    let mut plan = plan(vec![build_of(&[&known_first().id])]);
    let before = plan.clone();
    let live = ramp(2500);
    let canary = live.version(live.rollout.as_ref().unwrap().canary).unwrap().id.clone();
    let error = plan.adopt(Live::of(&live)).unwrap_err();
    let wanted = format!("live site: `shop` gives version `{canary}`, which this build does not have; it waits for one that has");
    assert_eq!(error, wanted);
    let elsewhere = Site { name: "blog".to_owned(), ..with_files() };
    assert_eq!(plan.adopt(Live::of(&elsewhere)).unwrap_err(), "live site: there is no site `blog` in the plan");
    let strange = Site { stable: VersionIndex(40), ..with_files() };
    assert!(plan.adopt(Live::of(&strange)).unwrap_err().starts_with("plan: site `shop` names a version"));
    assert_eq!(plan, before);
}

#[test]
fn a_live_site_that_is_cut_off_anywhere_is_refused() {
    let whole = Live::of(&ramp(2500)).write();
    for length in 0..whole.len() {
        assert!(Live::read(&whole[..length]).unwrap_err().starts_with("live site: "), "{length}");
    }
    assert!(Live::read(&format!("{whole}AAAA")).is_err());
}

#[test]
fn a_version_that_says_itself_where_it_is_comes_with_the_live_site_alone() {
    let mut plan = plan(vec![with_files()]);
    let mut live = ramp(10_000);
    let origin = crate::plan::Origin::Url("https://abc.pages.example".to_owned(), String::new());
    live.versions.insert(0, crate::plan::Version { id: "v9".to_owned(), origin, listed: true, ..known_first() });
    live = Site { stable: VersionIndex(1), rollout: None, rules: Vec::new(), quarantined: Vec::new(), ..live };
    plan.adopt(Live::of(&Site { stable: VersionIndex(0), ..live.clone() })).unwrap();
    let after = &plan.sites[0];
    let stable = after.version(after.stable).unwrap();
    assert_eq!((stable.id.as_str(), stable.listed), ("v9", false), "what it has is asked there");
    assert_eq!(after.versions.len(), with_files().versions.len() + 1);
    assert_eq!(after.files, with_files().files);
}
