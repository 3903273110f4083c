//! Pseudorandom numbers. All random choices of a form follow from its seed.

/// The mixing function of SplitMix64: each output bit depends on all input bits.
pub(crate) fn splitmix64(state: u64) -> u64 {
    let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
