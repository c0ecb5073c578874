//! What nobody could beat: bets that know beforehand what is wrong and how much, beside the ones that know nothing.
//!
//! Against harm: of every vote on the guard the fault shows in most, a bet on exactly the true ratio of rates, looked at as the
//! page is viewed, with the guard's own threshold. For a promotion: the rate at which the best bet against each required
//! guard's limit grows, if both versions are alike. Holds of steps are part of the ladder and stay.

use super::scenarios::GOAL;
use super::visitors::{Batch, Crowd};
use super::world::World;
use crate::evidence::{cost, rho};
use crate::rollout::policy::{Guard, Policy};
use crate::rollout::verdict::{SAFE_RATIO, by_either};

/// How far they have come.
pub struct Best {
    harm: Option<Harm>,
    /// Page views and harmed visitors when the bet against harm was sure.
    pub harm_at: Option<(u64, u64)>,
    safe: Vec<Safe>,
    safe_nats: f64,
    /// Page views when every required guard could have been safe.
    pub safe_at: Option<u64>,
}

struct Harm {
    guard: usize,
    ratio: f64,
    nats: f64,
    threshold: f64,
}

struct Safe {
    guard: usize,
    /// Nats of a trial, by the odds of its draw.
    gain: Box<dyn Fn(f64) -> f64>,
    /// The same by the crowd's cells.
    known: Vec<Option<f64>>,
    nats: f64,
}

/// Shares of a draw's visitors whom each guard's bad event meets: in both versions, and how many times that in the canary.
fn rates(world: &World, guard: &str) -> (f64, f64) {
    let heard = (1.0 - world.blocked) * (1.0 - world.lost);
    // Of two pages, or ten, one at least.
    let any = |of: f64| 1.0 - (1.0 - world.heavy) * (1.0 - of).powi(2) - world.heavy * (1.0 - of).powi(10);
    let fault = &world.fault;
    let both = |base: f64, added: f64| (base, (base + added - base * added) / base);
    let page = |base: f64, added: f64| (any(base * heard), any(heard * (base + added - base * added)) / any(base * heard));
    match guard {
        "missing" => both(1.0 - heard, fault.white * heard),
        // One of three pages of those who are unlucky.
        "errors" => both(3.0 * world.errors * heard * any(1.0 / 3.0), fault.errors * heard),
        "poor_lcp" => both((world.poor_lcp + world.cold) * heard, fault.slow * heard),
        "poor_inp" => page(world.poor_inp, fault.sluggish),
        "poor_cls" => page(world.poor_cls, fault.shifting),
        // Stable's never fails here; no bet is on more than two hundred times.
        "origin_failure" => (0.000_1, if fault.failing > 0.0 { 200.0 } else { 1.0 }),
        GOAL => (any(world.goal * heard), 1.0 - fault.goalless),
        _ => (0.01, 1.0),
    }
}

/// The share of first pages that are bad in both versions.
fn trials(world: &World, guard: &str) -> f64 {
    let heard = (1.0 - world.blocked) * (1.0 - world.lost);
    match guard {
        "missing" => 1.0 - heard,
        "errors" => world.errors * heard,
        "poor_lcp" => (world.poor_lcp + world.cold) * heard,
        "poor_inp" => world.poor_inp * heard,
        "poor_cls" => world.poor_cls * heard,
        _ => 0.000_1,
    }
}

impl Best {
    pub fn new(policy: &Policy, world: &World) -> Self {
        let weights: u32 = policy.guards.iter().map(|guard| u32::from(guard.weight)).sum();
        let harm = |(at, guard): (usize, &Guard)| {
            let (rate, ratio) = rates(world, &guard.name);
            let part = f64::from(policy.false_rollback_bp) / 10_000.0 * f64::from(guard.weight) / f64::from(weights.max(1));
            let gain =
                if ratio > 1.0 { cost::gain(rate, ratio, 1.0, 0.25) } else { cost::gain(rate * ratio, 1.0 / ratio, 1.0, 0.75) };
            (gain, Harm { guard: at, ratio, nats: 0.0, threshold: -libm::log(part) })
        };
        let most = policy.guards.iter().enumerate().map(harm).max_by(|one, other| one.0.total_cmp(&other.0));
        let safe = policy.guards.iter().enumerate().filter(|(_, guard)| guard.required && !guard.is_goal());
        let safe = safe.map(|(at, guard)| {
            let (limit, bad) = (f64::from(guard.limit_bp) / 10_000.0, trials(world, &guard.name));
            let gain: Box<dyn Fn(f64) -> f64> = match guard.name.as_str() {
                "missing" => Box::new(move |rho| cost::kept(limit, bad, rho)),
                name if by_either(name) => Box::new(move |rho| cost::within_either(limit, 1.0 + SAFE_RATIO, bad, rho)),
                _ => Box::new(move |rho| cost::within(limit, bad, rho)),
            };
            Safe { guard: at, gain, known: Vec::new(), nats: 0.0 }
        });
        Self {
            harm: most.filter(|(gain, _)| *gain > 1e-12).map(|(_, harm)| harm),
            harm_at: None,
            safe: safe.collect(),
            safe_nats: -libm::log(f64::from(policy.false_promotion_bp) / 10_000.0),
            safe_at: None,
        }
    }

    /// What was seen in a moment.
    #[expect(clippy::cast_precision_loss, reason = "page views of half a minute")]
    pub fn pass(&mut self, batch: &Batch, crowd: &Crowd<'_>) {
        if let Some(harm) = self.harm.as_mut().filter(|_| self.harm_at.is_none()) {
            for (_, cell, _) in batch.votes.iter().filter(|vote| vote.0 == harm.guard) {
                let cell = crowd.cells.get(*cell);
                let Some((cell, rho)) = cell.and_then(|cell| Some((cell, rho(cell.odds)?))) else { continue };
                let stable = -libm::log1p(rho * (harm.ratio - 1.0));
                harm.nats += if cell.is_canary { stable + libm::log(harm.ratio) } else { stable };
                if harm.nats >= harm.threshold {
                    self.harm_at.get_or_insert((crowd.views, crowd.harmed));
                }
            }
        }
        if self.safe_at.is_some() {
            return;
        }
        for (cell, shape, n) in &batch.pages {
            let Some(shape) = crowd.shapes.get(*shape) else { continue };
            for safe in &mut self.safe {
                let trials = shape.counts.outcomes.get(safe.guard).map_or(0, |outcome| outcome.trials);
                if trials > 0 {
                    safe.nats += safe.gain(*cell, crowd) * (trials * n) as f64;
                }
            }
        }
        if self.safe.iter().all(|safe| safe.nats >= self.safe_nats) {
            self.safe_at.get_or_insert(crowd.views);
        }
    }
}

impl Safe {
    fn gain(&mut self, cell: usize, crowd: &Crowd<'_>) -> f64 {
        if let Some(Some(gain)) = self.known.get(cell) {
            return *gain;
        }
        let odds = crowd.cells.get(cell).and_then(|cell| rho(cell.odds));
        let gain = odds.map_or(0.0, &self.gain);
        self.known.resize(self.known.len().max(cell + 1), None);
        self.known.get_mut(cell).into_iter().for_each(|known| *known = Some(gain));
        gain
    }
}
