//! The mathematics of a verdict: e-values that hold however often they are looked at, and while the split changes.
//!
//! Glossary: a *stratum* is a set of visitors drawn with the same odds; *ρ* is the probability with which a visitor of it
//! drew the canary; an *e-value* is what a fair bet against a hypothesis has made of one unit, so that under the hypothesis
//! it is ever 1/α or more with probability α at most (Ville's inequality). All of them are natural logarithms here.
//!
//! Pure, without allocation, sound for counts from 0 to 10¹². Every logarithm and exponential comes from the pinned crate
//! `libm`, and sums are made in a fixed order, so that a verdict has the same bits at the edge and on any machine that goes
//! through the log again. The proofs are in docs/evidence.md. This is the only place with floats in it.

pub mod absolute;
pub mod alive;
pub mod choose;
pub mod cost;
mod dirichlet;
pub mod interval;
pub mod margin;
pub mod pace;
pub mod quantile;
pub mod ratio;
pub mod restarts;
pub mod sample_ratio;

pub use crate::slot::Odds;

/// The trials of one stratum, and what the bets on them start from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trials {
    /// The canary's trials with a bad event.
    pub canary_bad: u64,
    /// The canary's trials without.
    pub canary_ok: u64,
    /// Stable's trials with a bad event.
    pub stable_bad: u64,
    /// Stable's trials without.
    pub stable_ok: u64,
    /// The odds of the draw.
    pub odds: Odds,
    /// What stable was like before these trials: of [`alive`] the share of live pages, of [`margin`] that of bad ones.
    pub before: f64,
}

/// The probability with which the canary was drawn; `None` where it was no draw.
#[must_use]
pub fn rho(odds: Odds) -> Option<f64> {
    odds.is_draw().then(|| f64::from(odds.canary) / (f64::from(odds.canary) + f64::from(odds.stable)))
}

/// ln of the sum of exponentials, without leaving the range of floats.
fn log_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + libm::log(terms.map(|term| libm::exp(term - largest)).sum::<f64>())
}

/// A count as a float: exact to 2⁵³, and to one part in 10¹⁵ beyond.
#[expect(clippy::cast_precision_loss, reason = "a count beyond 2^53 is right to one part in 10^15")]
fn float(count: u64) -> f64 {
    count as f64
}

/// A part of a whole that is not nothing.
pub(crate) fn part(of: u64, all: u64) -> f64 {
    float(of) / float(all)
}

/// A small number of things as a float.
pub(crate) fn number(of: usize) -> f64 {
    float(of as u64)
}

/// How many stakes the bets on trials are spread over.
const STAKES: usize = 12;

/// What a stake is made from, the same for all strata: `.02 · 2^(.75 i)`, from cautious to bold.
fn stakes() -> [f64; STAKES] {
    let mut stake = 0.02;
    std::array::from_fn(|_| {
        let this = stake;
        stake *= STEP;
        this
    })
}

/// 2^¾.
const STEP: f64 = 1.681_792_830_507_429;

/// ln of the mean over stakes of what bets on trials have made.
///
/// `gains` gives for a stratum what one unit staked gains or loses by each of the four kinds of trial, in the order canary
/// bad, canary ok, stable bad, stable ok: on average nothing or less under the hypothesis. A stake never risks more than 95 %.
fn bet(strata: impl Iterator<Item = Trials>, gains: impl Fn(&Trials, f64) -> [f64; 4]) -> f64 {
    let mut logs = [0.0; STAKES];
    for trials in strata {
        let Some(rho) = rho(trials.odds) else { continue };
        let counts = [trials.canary_bad, trials.canary_ok, trials.stable_bad, trials.stable_ok];
        if counts == [0; 4] {
            continue;
        }
        let gains = gains(&trials, rho);
        let worst = gains.iter().copied().fold(f64::INFINITY, f64::min);
        for (log, stake) in logs.iter_mut().zip(stakes()) {
            let stake = (0.95 / -worst).min(stake * rho * (1.0 - rho));
            for (count, gain) in counts.iter().zip(gains) {
                if *count > 0 {
                    *log += float(*count) * libm::log1p(stake * gain);
                }
            }
        }
    }
    log_sum_exp(logs.iter().copied()) - libm::log(number(STAKES))
}

#[cfg(test)]
pub(crate) fn odds(canary: u16) -> Odds {
    Odds { canary, stable: crate::slot::SLOTS - canary }
}
