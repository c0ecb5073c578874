//! Random numbers of whole-number arithmetic alone: `SplitMix64` (Steele, Lea and Flood, 2014).

/// A generator; the number it starts from is its seed.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A whole number below `most`, which is far below 2⁶⁴.
    pub fn below(&mut self, most: u64) -> u64 {
        self.bits() % most
    }

    /// True with this probability, to one part in 2⁵³.
    pub fn is(&mut self, probability: f64) -> bool {
        ((self.bits() >> 11) as f64) < probability * (1_u64 << 53) as f64
    }
}
