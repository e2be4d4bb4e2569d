//! The binary.

use std::process::ExitCode;

use clap::Parser as _;
use switchboard::cli::{self, Cli};

fn main() -> ExitCode {
    cli::run(&Cli::parse())
}
