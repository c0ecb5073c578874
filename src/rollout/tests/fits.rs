//! What comes over the network as a compiled config is believed in nothing: each of these was forged by hand.

use super::scene::*;
use crate::decide::tests::scene::{V1, V2, version};
use crate::plan::Strategy;
use crate::rollout::offer::{Ladder, Offer};
use crate::rollout::policy::Guard;
use crate::slot::{Odds, VersionIndex};

fn why(change: impl Fn(&mut Offer)) -> String {
    why_of(offer(), change)
}

fn why_of(sound: Offer, change: impl Fn(&mut Offer)) -> String {
    let deployed = sound.clone();
    assert_eq!(sound.fits(&deployed), Ok(()));
    let mut forged = sound;
    change(&mut forged);
    forged.fits(&deployed).unwrap_err()
}

fn ladder_of(offer: &mut Offer) -> &mut Ladder {
    offer.rollout.as_mut().unwrap()
}

#[test]
fn only_what_was_deployed_can_be_chosen() {
    assert!(why(|offer| offer.site.name = "other".to_owned()).starts_with("this is a config of `other`"));
    assert!(why(|offer| offer.site.versions.push(version("v3"))).contains("version `v3` was not deployed"));
    assert!(why(|offer| offer.site.versions[1].timeout_ms += 1).contains("was deployed with another origin"));
    assert!(why(|offer| offer.site.stable = VersionIndex(7)).contains("names a version that is not among"));
    assert!(why(|offer| offer.site.quarantined.push(V1)).contains("the site stands still"));
}

#[test]
fn odds_are_those_of_the_splits() {
    let odds = |offer: &mut Offer, at: usize| ladder_of(offer).rungs[2].strata[0].odds[at] = Odds { canary: 9000, stable: 1000 };
    for at in [0, 1, 2] {
        assert_eq!(
            why(|offer| odds(offer, at)),
            "it is not one that `halftone publish` makes: step 3 has other odds than its splits"
        );
    }
    assert!(why(|offer| ladder_of(offer).rungs[1].strata.clear()).ends_with("step 2 has other odds than its splits"));
    let geographic = || areas(&[&[("NZ", 1000)], &[("NZ", 5000), ("AU", 500)]]);
    let forged = why_of(geographic(), |offer| ladder_of(offer).rungs[1].strata[1].odds[1].stable -= 1);
    assert!(forged.ends_with("step 2 has other odds than its splits"));
}

#[test]
fn no_step_takes_the_canary_from_anybody() {
    assert!(why(|offer| ladder_of(offer).rungs.swap(0, 1)).ends_with("step 1 has other odds than its splits"));
    let falling = why(|offer| {
        let ladder = ladder_of(offer);
        let first = ladder.rungs[0].strategy.clone();
        ladder.rungs[1].strategy = first;
        // Another set of slots, as many as before.
        let Strategy::Random(owners) = &ladder.rungs[0].strategy else { unreachable!() };
        let flipped = owners.renamed(|owner| if owner == V1 { V2 } else { V1 });
        ladder.rungs[1].strategy = Strategy::Random(flipped);
    });
    assert!(falling.ends_with("step 2 takes the canary from visitors who had it on the step before"), "{falling}");
    let left_out = why_of(areas(&[&[("NZ", 1000)], &[("NZ", 5000), ("AU", 500)]]), |offer| {
        if let Strategy::Geographic(waves) = &mut ladder_of(offer).rungs[1].strategy {
            waves.remove(0);
        }
    });
    assert!(left_out.ends_with("step 2 leaves out NZ, which the step before opened"), "{left_out}");
}

#[test]
fn a_rollout_is_between_two_versions_on_a_salt_of_its_own() {
    assert!(why(|offer| ladder_of(offer).canary = V1).contains("another version than stable"));
    assert!(why(|offer| ladder_of(offer).canary = VersionIndex(9)).contains("another version than stable"));
    assert!(why(|offer| ladder_of(offer).salt = "shop/rule/x".to_owned()).contains("salt"));
    assert!(why(|offer| ladder_of(offer).from = 6).contains("begins at step 6, and there are 5"));
    assert!(why(|offer| ladder_of(offer).rungs.clear()).contains("has 0 steps, and 1 to 24 are allowed"));
    assert!(why(|offer| ladder_of(offer).rungs[0].hold_s = u32::MAX).ends_with("step 1 is held for more than a year"));
    let third = why(|offer| {
        let Strategy::Random(owners) = &ladder_of(offer).rungs[4].strategy else { unreachable!() };
        let owners = owners.renamed(|_| VersionIndex(2));
        ladder_of(offer).rungs[4].strategy = Strategy::Random(owners);
    });
    assert!(third.ends_with("step 5 gives visitors to a third version"), "{third}");
}

#[test]
fn a_policy_keeps_within_what_the_checker_allows() {
    for (forge, words) in [
        (
            (|ladder: &mut Ladder| ladder.policy.false_rollback_bp = 0) as fn(&mut Ladder),
            "`false_rollback_bp` is 0, and 1 to 2000 is allowed",
        ),
        (|ladder| ladder.policy.false_promotion_bp = 9999, "`false_promotion_bp` is 9999, and 1 to 5000 is allowed"),
        (|ladder| ladder.policy.least_networks = 0, "`least_networks` is 0, and 1 to 1000 is allowed"),
        (|ladder| ladder.policy.deadline_s = 0, "`deadline_s` is 0, and 3600 to 31536000 is allowed"),
        (|ladder| ladder.policy.guards.clear(), "the number of guards is 0, and 1 to 32 is allowed"),
        (|ladder| ladder.policy.guards[1].weight = 0, "the weight of `errors` is 0, and 1 to 100 is allowed"),
        (
            |ladder| ladder.policy.guards[1].margin_bp = 20_000,
            "the margin of `errors` in basis points is 20000, and 0 to 10000 is allowed",
        ),
        (|ladder| ladder.policy.guards[1].limit_bp = 0, "the limit of `errors` in basis points is 0, and 1 to 9999 is allowed"),
        (|ladder| ladder.policy.guards[1].name = "luck".to_owned(), "`luck` is no guard, or is there twice"),
        (|ladder| ladder.policy.guards[1].name = "missing".to_owned(), "`missing` is no guard, or is there twice"),
        (
            |ladder| ladder.policy.guards[0].required = false,
            "the guard `missing` is not required, and nothing is safe before it is",
        ),
        (
            |ladder| ladder.policy.guards.push(Guard { margin_bp: 1000, ..Guard::usual("goal.order").unwrap() }),
            "the margin of `goal.order` in basis points is 1000, and 0 to 999 is allowed",
        ),
    ] {
        assert_eq!(why(|offer| forge(ladder_of(offer))), format!("it is not one that `halftone publish` makes: {words}"));
    }
}

#[test]
fn what_an_earlier_revision_had_is_carried_over_to_the_versions_of_today_or_refused() {
    let old = offer();
    let mut deployed = old.clone();
    deployed.site.versions.insert(0, version("v0"));
    let carried = old.carried(&deployed).unwrap();
    assert_eq!(carried.id_of(carried.site.stable), "v1");
    assert_eq!((carried.site.stable, carried.rollout), (VersionIndex(1), None));
    let owners = |offer: &crate::plan::Site| -> Vec<Vec<VersionIndex>> {
        offer.rules.iter().map(|rule| rule.owners.owners().collect()).collect()
    };
    let moved: Vec<Vec<VersionIndex>> =
        owners(&old.site).into_iter().map(|all| all.into_iter().map(|one| VersionIndex(one.0 + 1)).collect()).collect();
    assert_eq!(owners(&carried.site), moved);

    deployed.site.versions.remove(1);
    let words = old.carried(&deployed).unwrap_err();
    assert_eq!(
        words,
        "its version v1 is not deployed any more, or with another origin: deploy it again (`make deploy`), then restore"
    );
}
