use std::io::{stderr, stdout};
use std::process::ExitCode;

use whippet::cli;

fn main() -> ExitCode {
    cli::guarded(|| cli::run(std::env::args_os(), &mut stdout(), &mut stderr()), &mut stderr()).into()
}
