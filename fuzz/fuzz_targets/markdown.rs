#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| standwith_hardening::targets::markdown(bytes));
