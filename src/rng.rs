//! Pseudorandom numbers: what chance decides follows from one seed of a form.

/// A number whose every bit hangs on all bits of this one.
pub(crate) fn splitmix64(state: u64) -> u64 {
    let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
