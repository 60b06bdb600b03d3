//! Entry point of the `cloudinary-parse` binary.
fn main() {}
