//! The fuzz targets' checks: those of `tests/invariants`, which `cargo test` runs on the seeds and
//! on made-up input.

// A test is no dependency that one could name, and what is fuzzed must be exactly what is tested.
#[path = "../../tests/invariants/checks/mod.rs"]
mod checks;

macro_rules! targets {
    ($($target:ident)*) => {
        $(
            /// Panics where a promise is broken.
            pub fn $target(data: &[u8]) {
                checks::$target::check(data);
            }
        )*
    };
}

targets! { cloudinary_url identifier manifest notification transformation webhook }
