use clap::Args;
use switchboard_store::StoreError;
use switchboard_store::sqlite::Schema;

use super::at_desk::print;
use super::{Exit, Failure, SourceArgs};
use crate::serve;
use crate::settings::Purpose;
use crate::settings::kinds::StoreLocation;

const EXAMPLES: &str = "\
Examples:
  switchboard migrate --check
      says what would change; exit code 1 if something would
  switchboard migrate
      changes it

The server does this by itself when it starts. Migrations only go forward; an older server can go on running beside.";

/// Brings the store's schema up to date.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct MigrateArgs {
    /// Only say what would change
    #[arg(long)]
    pub check: bool,
}

pub(super) fn run(args: &MigrateArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let settings = sources.load(Purpose::Inspect)?;
    let StoreLocation::Sqlite(path) = &settings.store.location;
    let failed = |error: StoreError| serve::store_failure(&settings, &error);
    let Schema { found, known } = Schema::of(path).map_err(failed)?;
    if args.check {
        print(&format!("{}: schema version {found}, this release has {known}\n", path.display()));
        return Ok(if found < known { Exit::Finding } else { Exit::Success });
    }
    // A database that a server has open was brought up to date when it started, by that release.
    match serve::open_store(&settings) {
        Err(StoreError::InUse { .. }) if found >= known => {}
        opened => drop(opened.map_err(failed)?),
    }
    let how = if found < known { format!("was {found}") } else { "was up to date".to_owned() };
    print(&format!("{}: schema version {}, {how}\n", path.display(), found.max(known)));
    Ok(Exit::Success)
}
