#![no_main]

#[path = "../bodies.rs"]
mod bodies;

use std::sync::LazyLock;

static SCHEMA: LazyLock<whippet::schema::Schema> = LazyLock::new(bodies::schema);

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = bodies::binder(text, &SCHEMA);
});
