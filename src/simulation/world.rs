//! The site, its visitors, and what is wrong with the canary.

/// What is wrong with the canary.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fault {
    /// Its pages stay white for this share of visitors.
    pub white: f64,
    /// Something throws for this share of visitors, beside what throws in both.
    pub errors: f64,
    /// Largest contentful paint is poor for this share of first pages, beside those that are poor in both.
    pub slow: f64,
    /// Interaction is poor on this share of pages, beside those that are poor in both.
    pub sluggish: f64,
    /// The layout shifts on this share of pages, beside those on which it does in both.
    pub shifting: f64,
    /// Its origin fails on this share of pages.
    pub failing: f64,
    /// So much of those who would have met the goal do not; below 0, so many more meet it.
    pub goalless: f64,
}

/// A site and its visitors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct World {
    /// Page views of people in an hour of the mean day.
    pub views_per_hour: f64,
    /// How much more come by day than in the mean: 0 for always the same, 1 for none at night.
    pub day_and_night: f64,
    /// Unlisted bots among all page views: without a cookie they are somebody new every time, and they run no script.
    pub bots: f64,
    /// The share of people whose browser blocks the page script.
    pub blocked: f64,
    /// The share of pages whose beacons are lost.
    pub lost: f64,
    /// The share of people in both versions for whom something throws.
    pub errors: f64,
    /// The share of first pages in both versions with a poor largest contentful paint.
    pub poor_lcp: f64,
    /// The shares with poor interaction and layout.
    pub poor_inp: f64,
    /// See [`World::poor_inp`].
    pub poor_cls: f64,
    /// The share of pages that meet the goal.
    pub goal: f64,
    /// By how much all these shares rise and fall within a day.
    pub drift: f64,
    /// How much higher they are in the beginning; a quarter of an hour takes a third of it away.
    pub falling: f64,
    /// The share of people who view ten pages at a time; the others view two.
    pub heavy: f64,
    /// The share of visits of people who were here before.
    pub returning: f64,
    /// How many more pages have a poor largest contentful paint while their build is in no cache: in the browser's, when
    /// somebody sees the build for the first time, and in none on the way, for some hundred pages of a new build.
    pub cold: f64,
    /// What is wrong with the canary.
    pub fault: Fault,
}

/// After so many page views of a build a third of its files is left that are in no cache on the way.
const WARM_VIEWS: f64 = 200.0;

impl World {
    /// A site with six thousand page views of people an hour, half of its traffic unlisted bots.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            views_per_hour: 6000.0,
            day_and_night: 0.6,
            bots: 0.5,
            blocked: 0.03,
            lost: 0.02,
            errors: 0.01,
            poor_lcp: 0.12,
            poor_inp: 0.05,
            poor_cls: 0.05,
            goal: 0.04,
            drift: 0.4,
            falling: 0.0,
            heavy: 0.1,
            returning: 0.4,
            cold: 0.05,
            fault: Fault::default(),
        }
    }

    /// The same with something wrong.
    #[must_use]
    pub fn with(self, fault: Fault) -> Self {
        Self { fault, ..self }
    }

    /// How many times the mean something is at a time: a wave over the day. `phase` is where in the day it has its mean.
    pub(super) fn wave(strength: f64, now_ms: u64, phase: f64) -> f64 {
        const DAY_MS: u64 = 86_400_000;
        #[expect(clippy::cast_precision_loss, reason = "below a day's milliseconds")]
        let part = (now_ms % DAY_MS) as f64 / DAY_MS as f64;
        1.0 + strength * libm::sin(core::f64::consts::TAU * (part + phase))
    }

    /// How many times the mean the shares of both versions are, so long after the beginning.
    pub(super) fn level(&self, now_ms: u64, began_ms: u64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "weeks of milliseconds")]
        let quarters = now_ms.saturating_sub(began_ms) as f64 / 900_000.0;
        Self::wave(self.drift, now_ms, 0.3) * (1.0 + self.falling * libm::exp(-0.4 * quarters))
    }

    /// How much of a build is in no cache on the way yet, after so many of its page views.
    pub(super) fn uncached(views: u64) -> f64 {
        // Less than a rounding of anything that it is added to.
        if views > 8000 {
            return 0.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "page views of a few days")]
        let views = views as f64;
        libm::exp(-views / WARM_VIEWS)
    }
}
