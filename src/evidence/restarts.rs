//! Harm may begin late: evidence is counted from several starts on, and all of it together is one e-value.
//!
//! Thirty thousand healthy events hide a doubling that begins then for another two thousand; counted from a later start on as
//! well it shows within 135. With S starts so far `E = Σ_s E_s/(s(s+1)) + 1/(S+1)`: weights of starts that are still to come
//! are held back, so a start may be made at any time that depends on the past only, and the level stays.

use super::ratio::{Bets, Events, Ratio};
use super::{Odds, float, log_sum_exp};

/// So many starts there are, at most: what begins later than that is counted from the last of them on.
pub const MOST: usize = 64;

/// ln E of harm from all starts on. `strata` are the events of each stratum from the first start on, behind what `before` knows it by:
/// how many of canary's and stable's had been there at a later start, given that and the number of the start.
pub fn harm<K: Copy>(
    ratio: &Ratio,
    starts: usize,
    strata: impl Iterator<Item = (K, Events)>,
    before: impl Fn(K, usize) -> (u64, u64),
) -> f64 {
    #[expect(clippy::large_stack_arrays, reason = "31 KB of a stack of a megabyte, and nothing is allocated")]
    let mut bets = [ratio.begin(); MOST];
    let starts = starts.min(MOST);
    for (known, events) in strata {
        let Some(gains) = ratio.gains(events.odds).filter(|_| events.canary > 0 || events.stable > 0) else { continue };
        for (start, bets) in bets.iter_mut().take(starts).enumerate() {
            let (canary, stable) = before(known, start);
            ratio.add(bets, &gains, events.canary.saturating_sub(canary), events.stable.saturating_sub(stable));
        }
    }
    mixture(bets.iter().take(starts).map(Ratio::value))
}

/// Whether [`harm`] is below a threshold, and nothing more: what is the same from one look to the next is remembered, and nothing
/// is added up where a bound says enough.
pub struct Below {
    ratio: Ratio,
    gains: Vec<(Odds, Option<Bets>)>,
    /// Of each start.
    bets: Vec<Bets>,
}

/// More than ln of how many alternatives are bet on, so that no rounding makes a bound too low.
const ALTERNATIVES_LN: f64 = 4.2;

impl Below {
    /// Of such bets.
    #[must_use]
    pub fn new(ratio: Ratio) -> Self {
        Self { ratio, gains: Vec::new(), bets: Vec::new() }
    }

    /// Whether [`harm`] of the same is below the threshold. `before` gives what had been there at a start, by the numbers of start and
    /// stratum.
    pub fn is_below(
        &mut self,
        threshold: f64,
        starts: usize,
        strata: impl Iterator<Item = Events>,
        before: impl Fn(usize, usize) -> (u64, u64),
    ) -> bool {
        self.bets.clear();
        self.bets.resize(starts.min(MOST), self.ratio.begin());
        for (at, events) in strata.enumerate().filter(|(_, events)| events.canary > 0 || events.stable > 0) {
            let known = self.gains.iter().position(|(odds, _)| *odds == events.odds).unwrap_or_else(|| {
                self.gains.push((events.odds, self.ratio.gains(events.odds)));
                self.gains.len() - 1
            });
            let Some((_, Some(gains))) = self.gains.get(known) else { continue };
            for (start, bets) in self.bets.iter_mut().enumerate() {
                let (canary, stable) = before(start, at);
                self.ratio.add(bets, gains, events.canary.saturating_sub(canary), events.stable.saturating_sub(stable));
            }
        }
        // E is at most the largest of all starts' and 1, and each start's at most as many times its largest bet as there are bets.
        let most = self.bets.iter().flatten().fold(0.0_f64, |most, bet| most.max(bet + ALTERNATIVES_LN));
        most < threshold || mixture(self.bets.iter().map(Ratio::value)) < threshold
    }
}

/// ln of the mixture, given ln E of the data from the first, second, ... start on.
pub fn mixture(log_es: impl Iterator<Item = f64> + Clone) -> f64 {
    let mut starts = 0;
    let weighted = log_es.enumerate().map(|(at, log_e)| {
        let start = float(at as u64 + 1);
        log_e - libm::log(start * (start + 1.0))
    });
    for _ in weighted.clone() {
        starts += 1;
    }
    log_sum_exp(weighted.chain(std::iter::once(-libm::log(float(starts) + 1.0))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::odds;

    #[test]
    fn late_harm_is_what_was_computed_elsewhere() {
        let events = |stable, canary, bp| Events { canary, stable, odds: odds(bp) };
        for (margin, wanted) in [(0.1, 1.840_863), (0.0, 3.474_401)] {
            let harm = Ratio::harm(margin);
            let late = [events(40, 80, 5000)];
            let all = [events(2250, 750, 2500), events(40, 80, 5000)];
            let found = mixture([harm.log_e(all.into_iter()), harm.log_e(late.into_iter())].into_iter());
            assert!((found - wanted).abs() < 6e-7, "{found:.6} is not {wanted}");
            let before = |stratum, start| if (stratum, start) == (0, 1) { (750, 2250) } else { (0, 0) };
            let at_once = super::harm(&harm, 2, all.into_iter().enumerate(), before);
            assert!((at_once - wanted).abs() < 6e-7, "{at_once:.6} is not {wanted}");
        }
    }

    #[test]
    fn without_data_it_says_nothing_however_many_starts_there_are() {
        for starts in 0..70 {
            assert!(mixture(std::iter::repeat_n(0.0, starts)).abs() < 1e-12, "{starts}");
        }
    }
}
