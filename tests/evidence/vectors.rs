//! Every test against values that others computed: public packages, and the formulas in 60 digits.
//! `tests/evidence/cross_check.py` made `tests/vectors/evidence-1.json`; `scripts/cross_check.sh` has it make another with a fresh seed,
//! and names it in `HALFTONE_VECTORS`.

use halftone::evidence::choose::{Known, best};
use halftone::evidence::ratio::{Events, Ratio};
use halftone::evidence::{Odds, Trials, alive, cost, interval, margin, pace, quantile, restarts, sample_ratio};
use serde_json::Value;

/// Runs `check` over the cases of one kind; there are some.
fn each(kind: &str, check: impl Fn(&Value)) {
    let fresh = std::env::var("HALFTONE_VECTORS").map(|path| std::fs::read_to_string(path).unwrap());
    let text = fresh.unwrap_or_else(|_| include_str!("../vectors/evidence-1.json").to_owned());
    let file: Value = serde_json::from_str(&text).unwrap();
    let cases = file[kind].as_array().unwrap_or_else(|| panic!("no {kind}"));
    assert!(cases.len() >= 5, "{} of {kind}", cases.len());
    cases.iter().for_each(check);
}

fn float(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

fn odds(canary: &Value, stable: &Value) -> Odds {
    Odds { canary: u16::try_from(count(canary)).unwrap(), stable: u16::try_from(count(stable)).unwrap() }
}

fn events(case: &Value) -> impl Iterator<Item = Events> + Clone {
    list(&case["strata"]).iter().map(|of| Events { canary: count(&of[0]), stable: count(&of[1]), odds: odds(&of[2], &of[3]) })
}

fn trials(case: &Value) -> impl Iterator<Item = Trials> + Clone {
    list(&case["strata"]).iter().map(|of| Trials {
        canary_bad: count(&of[0]),
        canary_ok: count(&of[1]),
        stable_bad: count(&of[2]),
        stable_ok: count(&of[3]),
        odds: odds(&of[4], &of[5]),
        before: float(&of[6]),
    })
}

fn bins(value: &Value) -> impl Iterator<Item = (u32, u64)> + Clone {
    list(value).iter().map(|bin| (u32::try_from(count(&bin[0])).unwrap(), count(&bin[1])))
}

/// To nine digits; where a logarithm is near 0, to nine decimals.
#[track_caller]
fn is(found: f64, case: &Value, name: &str) {
    let wanted = float(&case[name]);
    let allowed = 1e-9 * wanted.abs().max(1.0);
    assert!((found - wanted).abs() <= allowed, "{name}: {found:e} is not {wanted:e} of {:.300}", case.to_string());
}

/// To nine digits, however small.
#[track_caller]
fn is_relatively(found: f64, case: &Value, name: &str) {
    let wanted = float(&case[name]);
    assert!((found - wanted).abs() <= 1e-9 * wanted.abs(), "{name}: {found:e} is not {wanted:e} of {:.300}", case.to_string());
}

#[test]
fn ratios_of_rates_are_as_computed() {
    each("ratio", |case| {
        let of = match case["kind"].as_str() {
            Some("harm") => Ratio::harm,
            Some("safe") => Ratio::safe,
            Some("goal_harm") => Ratio::goal_harm,
            Some("goal_safe") => Ratio::goal_safe,
            kind => panic!("{kind:?}"),
        };
        is(of(float(&case["margin"])).log_e(events(case)), case, "log_e");
    });
}

#[test]
fn evidence_from_several_starts_is_as_computed() {
    each("restarts", |case| {
        let before = list(&case["before"]);
        let counted = |stratum: usize, start: usize| {
            let counts = &before[start][stratum];
            (count(&counts[0]), count(&counts[1]))
        };
        is(restarts::harm(&Ratio::harm(float(&case["margin"])), before.len(), events(case).enumerate(), counted), case, "log_e");
    });
}

#[test]
fn bets_on_trials_are_as_computed() {
    each("alive", |case| is(alive::log_e(float(&case["f"]), trials(case)), case, "log_e"));
    each("margin", |case| is(margin::log_e(float(&case["a"]), trials(case)), case, "log_e"));
}

#[test]
fn what_harm_is_not_excluded_is_as_computed() {
    each("upper", |case| is(pace::upper(float(&case["alpha"]), &trials(case)), case, "upper"));
}

#[test]
fn sample_ratios_are_as_computed() {
    each("sample_ratio", |case| {
        let parts = list(&case["shares"]).iter().zip(list(&case["counts"])).map(|(share, seen)| (float(share), count(seen)));
        is(sample_ratio::log_bf(float(&case["concentration"]), parts), case, "log_bf");
    });
}

#[test]
fn intervals_of_rates_and_differences_are_as_computed() {
    each("rate", |case| {
        let (low, high) = interval::rate(count(&case["bad"]), count(&case["n"]), float(&case["alpha"]), float(&case["t_opt"]));
        is_relatively(low, case, "low");
        is_relatively(high, case, "high");
    });
    each("difference", |case| {
        let found = interval::difference(float(&case["n"]), float(&case["sd"]), float(&case["alpha"]), float(&case["r"]));
        is_relatively(found, case, "half_width");
    });
}

#[test]
fn quantiles_are_compared_and_bounded_as_computed() {
    each("compare", |case| {
        let found = quantile::compare(float(&case["p"]), float(&case["t_opt"]), bins(&case["a"]), bins(&case["b"]));
        is_relatively(found, case, "p_value");
    });
    each("bounds", |case| {
        let found = quantile::bounds(float(&case["p"]), float(&case["alpha"]), bins(&case["bins"])).unwrap();
        let end = |name: &str| case[name].as_u64().map(|bin| u32::try_from(bin).unwrap());
        assert_eq!(found, (end("first"), end("last")), "{case}");
    });
}

#[test]
fn probabilities_of_being_best_are_as_computed() {
    each("best", |case| {
        let known: Vec<Known> = list(&case["known"]).iter().map(|of| Known { met: float(&of[0]), not: float(&of[1]) }).collect();
        for (found, wanted) in best(&known).into_iter().zip(list(&case["best"])) {
            assert!((found - float(wanted)).abs() < 1e-9, "{found} is not {wanted} of {case}");
        }
    });
}

#[test]
fn what_the_best_bet_gains_is_as_computed() {
    each("gain", |case| {
        let found = cost::gain(float(&case["rate"]), float(&case["ratio"]), float(&case["boundary"]), float(&case["rho"]));
        is_relatively(found, case, "gain");
    });
}
