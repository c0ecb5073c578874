//! How far counts of a few kinds are from the shares they should have: the mixture that three tests here are made of.
//!
//! Against "every event is of kind i with probability `θ_i`", whatever came before it, a bet on shares drawn from a Dirichlet
//! distribution with parameters kθ has made `B(kθ + n) / (B(kθ) Π θ_i^n_i)` after counts n, B being the multivariate beta function. A
//! bet on any fixed shares is fair, so this one is. The sample ratio is watched with it; with two kinds it is the beta-binomial
//! mixture of confidence sequences (Howard, Ramdas, `McAuliffe` and Sekhon, 2021), which `interval` and `quantile` invert.
//!
//! Logarithms of beta functions of 10¹² differ from each other by far less than they are rounded by. So Stirling's formula is put in
//! first: what then remains is a sum of terms ≥ 0 that vanishes when the counts are as they should be, and small corrections.

/// ln of what the bet has made of one unit: of each kind the share θ it should have, above 0, and the count. Shares add up to 1;
/// `concentration` is k.
pub(super) fn log_e(concentration: f64, parts: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let all: f64 = parts.clone().map(|part| part.1).sum();
    let whole = concentration + all;
    let mut log_e = 0.0;
    for (share, count) in parts {
        let prior = concentration * share;
        // By how much the count is above its share, in shares of what is expected of it and of the prior together.
        let above = (count - all * share) / (whole * share);
        log_e += whole * share * entropy(above) + remainder(prior + count) - remainder(prior);
    }
    log_e - (remainder(whole) - remainder(concentration))
}

/// The concentration whose confidence sequence is shortest about `t_opt` events, at an error probability of 5 %.
pub(super) fn concentration(t_opt: f64) -> f64 {
    let nats = 2.0 * libm::log(20.0);
    (t_opt / (nats + libm::log1p(nats)) - 1.0).max(0.001)
}

/// `(1 + u) ln(1 + u) − u` for u ≥ −1: 0 at 0, and above 0 elsewhere.
fn entropy(u: f64) -> f64 {
    if u <= -1.0 {
        return 1.0;
    }
    if u.abs() > 0.01 {
        return (1.0 + u) * libm::log1p(u) - u;
    }
    // Σ (−u)^j / (j(j − 1)) from j = 2 on; the first term that is left out is below 10⁻¹⁸ of the first.
    let terms = [1.0 / 90.0, 1.0 / 72.0, 1.0 / 56.0, 1.0 / 42.0, 1.0 / 30.0, 1.0 / 20.0, 1.0 / 12.0, 1.0 / 6.0, 0.5];
    u * u * terms.iter().fold(0.0, |sum, term| term - u * sum)
}

/// `ln Γ(x) − x ln x + x`: what Stirling's formula leaves, but for a constant. Within 10⁻¹⁵ of itself or 1, for every x > 0.
fn remainder(x: f64) -> f64 {
    /// ln 2π / 2.
    const CONSTANT: f64 = 0.918_938_533_204_672_7;
    let log = libm::log(x);
    if x < 16.0 {
        return libm::lgamma(x) - x * log + x;
    }
    let y = 1.0 / (x * x);
    let series =
        [1.0 / 1188.0, -1.0 / 1680.0, 1.0 / 1260.0, -1.0 / 360.0, 1.0 / 12.0].iter().fold(0.0, |sum, term| term + y * sum);
    CONSTANT - 0.5 * log + series / x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plainly(concentration: f64, parts: &[(f64, f64)]) -> f64 {
        let all: f64 = parts.iter().map(|part| part.1).sum();
        let one = |(share, count): &(f64, f64)| {
            let prior = concentration * share;
            libm::lgamma(prior + count) - libm::lgamma(prior) - count * libm::log(*share)
        };
        parts.iter().map(one).sum::<f64>() - libm::lgamma(concentration + all) + libm::lgamma(concentration)
    }

    #[test]
    fn it_is_what_gamma_functions_say_as_long_as_they_are_small() {
        let shares: [&[f64]; 4] = [&[0.5, 0.5], &[0.01, 0.99], &[0.0001, 0.9999], &[0.2, 0.3, 0.5]];
        for shares in shares {
            for concentration in [0.001, 1.0, 11.6, 100.0, 10_000.0] {
                for counts in [[0.0; 3], [1.0, 0.0, 0.0], [0.0, 0.0, 7.0], [3.0, 400.0, 20.0], [900.0, 1100.0, 2000.0]] {
                    let parts: Vec<_> = shares.iter().copied().zip(counts).collect();
                    let (found, wanted) = (log_e(concentration, parts.iter().copied()), plainly(concentration, &parts));
                    let allowed = 1e-10 * wanted.abs().max(1.0);
                    assert!((found - wanted).abs() <= allowed, "{concentration} {parts:?}: {found} is not {wanted}");
                }
            }
        }
    }

    #[test]
    fn the_two_ways_to_a_remainder_and_to_an_entropy_meet() {
        let series = remainder(16.0);
        let gamma = libm::lgamma(16.0) - 16.0 * libm::log(16.0) + 16.0;
        assert!((series - gamma).abs() < 2e-14, "{series} {gamma}");
        for u in [0.01_f64, -0.01] {
            let direct = (1.0 + u) * libm::log1p(u) - u;
            assert!((entropy(u) / direct - 1.0).abs() < 1e-12, "{u}");
        }
    }

    #[test]
    fn what_is_exactly_as_it_should_be_is_worth_less_the_more_of_it_there_is() {
        let worth = |count: f64| log_e(100.0, [(0.5, count), (0.5, count)].into_iter());
        let worths = [0.0, 1.0, 10.0, 1e3, 1e6, 1e9, 1e12].map(worth);
        assert!(worths.is_sorted_by(|a, b| a > b), "{worths:?}");
        // Once the prior is far behind, by half the logarithm of how many times as much there is.
        assert!((worth(1e9) - worth(1e12) - 0.5 * libm::log(1000.0)).abs() < 1e-6, "{worths:?}");
    }

    #[test]
    fn a_concentration_is_what_was_computed_elsewhere() {
        assert!((concentration(100.0) - 11.600_560_979).abs() < 1e-8, "{}", concentration(100.0));
        assert!((concentration(1.0) - 0.001).abs() < 1e-15);
    }
}
