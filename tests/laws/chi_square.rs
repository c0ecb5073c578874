//! Pearson's test, and the ids it is run over.
//!
//! With k cells the statistic has a chi-square distribution with df degrees of freedom. Wilson and Hilferty (1931): the
//! cube root of chi-square / df is normal with mean 1 - 2/(9 df) and variance 2/(9 df). So the value that is passed with
//! probability one in a million at either end (z = 4.753, from the normal table) is df (1 - 2/(9 df) ± z sqrt(2/(9 df)))^3:
//! for 9,999 degrees of freedom 9,342 and 10,687, for 9,801 (a table of 100 by 100) 9,150 and 10,482.

use halftone::visitor::base64url;

/// How many ids each test draws.
pub const IDS: u64 = 1_000_000;

const Z: f64 = 4.753;

/// Asserts that `statistic` is neither too large (patterns) nor too small (too even to be a hash).
pub fn assert_plausible(statistic: f64, df: f64, what: &str) {
    let at = |z: f64| df * (1.0 - 2.0 / (9.0 * df) + z * (2.0 / (9.0 * df)).sqrt()).powi(3);
    let (low, high) = (at(-Z), at(Z));
    assert!((low..=high).contains(&statistic), "{what}: chi-square {statistic:.0} is not in {low:.0}..={high:.0}");
}

/// The statistic of counts that should all be equal.
pub fn of_equal_cells(counts: &[u32]) -> f64 {
    let total: f64 = counts.iter().map(|&count| f64::from(count)).sum();
    let expected = total / counts.len() as f64;
    counts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum()
}

/// The statistic of a square table whose rows and columns should not know of each other.
pub fn of_table(cells: &[u32], side: usize) -> f64 {
    let row = |at: usize| cells[at * side..(at + 1) * side].iter().map(|&count| f64::from(count)).sum::<f64>();
    let column = |at: usize| cells.iter().skip(at).step_by(side).map(|&count| f64::from(count)).sum::<f64>();
    let (rows, columns): (Vec<f64>, Vec<f64>) = (0..side).map(|at| (row(at), column(at))).unzip();
    let total: f64 = rows.iter().sum();
    let cell = |(at, &count): (usize, &u32)| {
        let expected = rows[at / side] * columns[at % side] / total;
        (f64::from(count) - expected).powi(2) / expected
    };
    cells.iter().enumerate().map(cell).sum()
}

/// `SplitMix64` (Steele, Lea and Flood 2014): a fixed stream of 64-bit numbers.
pub fn split_mix(number: u64) -> u64 {
    let z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// The id of a visitor as the edge makes it: sixteen random bytes as base64url.
pub fn visitor_id(number: u64) -> String {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&split_mix(2 * number + 1).to_le_bytes());
    bytes[8..].copy_from_slice(&split_mix(2 * number + 2).to_le_bytes());
    base64url::encode(&bytes)
}
