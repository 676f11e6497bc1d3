//! Reading and writing values between SQLite and Rust.
