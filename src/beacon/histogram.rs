//! Counts of values in log-spaced bins: what is kept of vitals, so that servers, regions and days add up.
//!
//! A bin is found with integers alone, so that native and WebAssembly agree to the last bit: one unit wide below 100, and
//! from 100·2ʲ to 100·2ʲ⁺¹ fifty bins of 2ʲ⁺¹ units. Above 50 units every bin is so between 1/99 (1.01 %) and 1/50 (2 %) of
//! its lowest value wide; fifty to a doubling are 1.4 % in the mean, 2^(1/50). The unit is the caller's. Merging is adding,
//! so it is commutative and associative; what overflows stays at the largest count. Nothing here knows what is measured.

use std::fmt::Write as _;

/// Values below have a bin each: at 100 a bin two units wide is 2 % of its lowest value.
const LINEAR: u64 = 100;

/// Bins to a doubling: from 100·2ʲ on 100·2ʲ values in bins of 2ʲ⁺¹.
const PER_DOUBLING: u64 = 50;

/// The last bin: that of the largest value there is.
pub const LAST: u16 = bin(u64::MAX);

/// The bin of a value.
#[must_use]
pub const fn bin(value: u64) -> u16 {
    if value < LINEAR {
        return value as u16;
    }
    let doubling = (value / LINEAR).ilog2();
    let above = value - (LINEAR << doubling);
    // At most 2963: 2⁵⁷ is the largest power of two in u64::MAX / 100, and 2⁶⁴ is 100·2⁵⁷ + 14·2⁵⁸.
    (LINEAR + PER_DOUBLING * doubling as u64 + (above >> (doubling + 1))) as u16
}

/// The lowest value of a bin and the first above it; `None` past [`LAST`]. The last bin ends with the numbers.
#[must_use]
pub fn bounds(bin: u16) -> Option<(u64, u64)> {
    if bin > LAST {
        return None;
    }
    let bin = u64::from(bin);
    if bin < LINEAR {
        return Some((bin, bin + 1));
    }
    let (doubling, step) = ((bin - LINEAR) / PER_DOUBLING, (bin - LINEAR) % PER_DOUBLING);
    let low = (LINEAR << doubling) + (step << (doubling + 1));
    Some((low, low.saturating_add(2 << doubling)))
}

/// How many values fell into each bin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Bins in rising order, none empty.
    counts: Vec<(u16, u64)>,
}

impl Histogram {
    /// One more value.
    pub fn add(&mut self, value: u64) {
        self.add_to(bin(value), 1);
    }

    /// So many more values in a bin; a bin past [`LAST`] does not exist and takes none.
    pub fn add_to(&mut self, bin: u16, count: u64) {
        if bin > LAST || count == 0 {
            return;
        }
        match self.counts.binary_search_by_key(&bin, |(bin, _)| *bin) {
            Ok(at) => {
                if let Some((_, have)) = self.counts.get_mut(at) {
                    *have = have.saturating_add(count);
                }
            }
            Err(at) => self.counts.insert(at, (bin, count)),
        }
    }

    /// The values of another besides its own.
    pub fn merge(&mut self, other: &Self) {
        for &(bin, count) in &other.counts {
            self.add_to(bin, count);
        }
    }

    /// Bins that hold values, in rising order, with how many.
    #[must_use]
    pub fn counts(&self) -> &[(u16, u64)] {
        &self.counts
    }

    /// How many values there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().fold(0, |total, (_, count)| total.saturating_add(*count))
    }

    /// The bounds ([`bounds`]) of the bin that holds the `share.0 / share.1` quantile: the smallest value that at least
    /// this share of all values does not exceed, (3, 4) for the p75. `None` without values, or if it is no share.
    #[must_use]
    pub fn quantile(&self, share: (u32, u32)) -> Option<(u64, u64)> {
        let (part, whole) = (u128::from(share.0), u128::from(share.1));
        if whole == 0 || part > whole {
            return None;
        }
        // Added up wider than `total`, which stays at its largest value.
        let total: u128 = self.counts.iter().map(|(_, count)| u128::from(*count)).sum();
        let rank = (total * part).div_ceil(whole).max(1);
        let mut seen = 0;
        let found = self.counts.iter().find(|(_, count)| {
            seen += u128::from(*count);
            seen >= rank
        });
        found.and_then(|(bin, _)| bounds(*bin))
    }

    /// As text: `bin:count` with commas between, base 10, rising; empty for none.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = String::with_capacity(self.counts.len() * 8);
        for (at, (bin, count)) in self.counts.iter().enumerate() {
            // Writing to a string does not fail.
            let _ = write!(text, "{}{bin}:{count}", if at > 0 { "," } else { "" });
        }
        text
    }

    /// Reads such text; `None` if [`Histogram::write`] can not have written it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut counts: Vec<(u16, u64)> = Vec::new();
        for pair in text.split(',').filter(|_| !text.is_empty()) {
            let (bin, count) = pair.split_once(':')?;
            let (bin, count) = (u16::try_from(number(bin)?).ok()?, number(count)?);
            if bin > LAST || count == 0 || counts.last().is_some_and(|(last, _)| *last >= bin) {
                return None;
            }
            counts.push((bin, count));
        }
        Some(Self { counts })
    }
}

/// Digits, without a sign and without zeros in front.
fn number(text: &str) -> Option<u64> {
    let is_plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for value in values {
            histogram.add(*value);
        }
        histogram
    }

    fn merged(one: &Histogram, other: &Histogram) -> Histogram {
        let mut sum = one.clone();
        sum.merge(other);
        sum
    }

    /// Values of every magnitude alike.
    fn value() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift)
    }

    fn histogram() -> impl Strategy<Value = Histogram> {
        let counts = prop_oneof![1_u64..1000, Just(u64::MAX), Just(u64::MAX - 1)];
        prop::collection::btree_map(0..=LAST, counts, 0..12).prop_map(|map| Histogram { counts: map.into_iter().collect() })
    }

    #[test]
    fn the_bins_are_frozen() {
        let pinned = [
            (0, 0),
            (1, 1),
            (99, 99),
            (100, 100),
            (101, 100),
            (102, 101),
            (199, 149),
            (200, 150),
            (203, 150),
            (204, 151),
            (800, 250),
            (1800, 306),
            (2500, 328),
            (u64::from(u32::MAX), 1363),
            (u64::MAX, 2963),
        ];
        for (value, expected) in pinned {
            assert_eq!(bin(value), expected, "{value}");
        }
        assert_eq!(bounds(328), Some((2496, 2528)));
        assert_eq!(bounds(LAST + 1), None);
    }

    #[test]
    fn bins_follow_each_other_without_gaps_and_are_between_one_and_two_percent_wide() {
        let mut next = 0;
        for number in 0..=LAST {
            let (low, high) = bounds(number).unwrap();
            assert_eq!(low, next, "bin {number}");
            assert_eq!((bin(low), bin(high - 1)), (number, number));
            if low >= 50 && number < LAST {
                let (width, low) = (u128::from(high - low), u128::from(low));
                assert!(width * 50 <= low && low <= width * 99, "bin {number} from {low} is {width} wide");
            }
            next = high;
        }
        assert_eq!(next, u64::MAX);
    }

    #[test]
    fn quantiles_are_the_bin_of_the_value_in_that_place() {
        let histogram = of(&(1..=1000).collect::<Vec<_>>());
        assert_eq!(histogram.total(), 1000);
        assert_eq!(histogram.quantile((3, 4)), Some((744, 752)));
        assert_eq!(histogram.quantile((0, 1)), Some((1, 2)));
        assert_eq!(histogram.quantile((1, 1)), Some((992, 1008)));
        assert_eq!(of(&[7]).quantile((750, 1000)), Some((7, 8)));
        assert_eq!(of(&[1, 2, 3, 4]).quantile((1, 2)), Some((2, 3)));
        assert_eq!(of(&[1, 2, 3, 4]).quantile((501, 1000)), Some((3, 4)));
        for share in [(1, 0), (2, 1), (0, 0)] {
            assert_eq!(histogram.quantile(share), None);
        }
        assert_eq!(Histogram::default().quantile((1, 2)), None);
    }

    #[test]
    fn the_text_form_is_frozen() {
        assert_eq!(of(&[2500, 3, 2500, 800]).write(), "3:1,250:1,328:2");
        assert_eq!(Histogram::default().write(), "");
        assert_eq!(Histogram::parse(""), Some(Histogram::default()));
    }

    #[test]
    fn text_that_was_not_written_is_not_read() {
        for text in [
            ",",
            "1",
            "1:",
            ":1",
            "1:0",
            "1:1,",
            "1:1,1:1",
            "2:1,1:1",
            "01:1",
            "1:01",
            "+1:1",
            "1:+1",
            "1:-1",
            " 1:1",
            "1:1:1",
            "2964:1",
            "65536:1",
            "1:18446744073709551616",
            "1.0:1",
            "1:1;2:1",
            "é:1",
        ] {
            assert_eq!(Histogram::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_bin_that_does_not_exist_takes_nothing() {
        let mut histogram = Histogram::default();
        histogram.add_to(LAST + 1, 1);
        histogram.add_to(1, 0);
        assert_eq!(histogram, Histogram::default());
    }

    proptest! {
        #[test]
        fn every_value_is_inside_its_bin(value in value()) {
            let (low, high) = bounds(bin(value)).unwrap();
            prop_assert!(low <= value && (value < high || value == u64::MAX));
        }

        #[test]
        fn merging_is_adding_all_values(one in prop::collection::vec(value(), 0..40), other in prop::collection::vec(value(), 0..40)) {
            let all: Vec<_> = one.iter().chain(&other).copied().collect();
            prop_assert_eq!(merged(&of(&one), &of(&other)), of(&all));
        }

        #[test]
        fn merging_is_commutative_and_associative(a in histogram(), b in histogram(), c in histogram()) {
            prop_assert_eq!(merged(&a, &b), merged(&b, &a));
            prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
            prop_assert_eq!(merged(&a, &Histogram::default()), a);
        }

        #[test]
        fn what_is_written_is_read(histogram in histogram()) {
            prop_assert_eq!(Histogram::parse(&histogram.write()), Some(histogram));
        }

        #[test]
        fn what_is_read_is_written(text in "([0-9]{1,4}:[0-9]{1,3},?){0,4}|\\PC{0,12}") {
            if let Some(histogram) = Histogram::parse(&text) {
                prop_assert_eq!(histogram.write(), text);
            }
        }

        #[test]
        fn a_quantile_is_the_bin_of_the_sorted_value(mut values in prop::collection::vec(value(), 1..60), permille in 0_u32..=1000) {
            let found = of(&values).quantile((permille, 1000));
            values.sort_unstable();
            let rank = (values.len() * permille as usize).div_ceil(1000).max(1);
            prop_assert_eq!(found, bounds(bin(values[rank - 1])));
        }

        #[test]
        fn no_counts_break_a_quantile(histogram in histogram(), part in any::<u32>(), whole in any::<u32>()) {
            let found = histogram.quantile((part, whole));
            prop_assert_eq!(found.is_some(), histogram.total() > 0 && whole > 0 && part <= whole);
        }
    }
}
