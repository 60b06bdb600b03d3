#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cloudinary_parse_fuzz::webhook(data));
