use clap::Args;

use super::at_desk::print;
use super::{Exit, Failure, SourceArgs, runtime};
use crate::doctor::{Occasion, Progress, Report, Verdict, examine};
use crate::settings::Purpose;

const EXAMPLES: &str = "\
Examples:
  switchboard doctor
      every check with its result, and what to do about what is wrong
  switchboard doctor --offline
      only what can be checked without GitHub
  switchboard doctor --json
      for scripts; docs/doctor.md tells its shape and what each check means
  switchboard doctor --strict
      for monitoring that is to hear of warnings too

It looks and changes nothing: beside a server that runs, before the first start, and when nothing runs.
A check is ok, a warning (it works, and will not last or is not meant so), an error, or skipped (nobody could look).

Exit codes: 0 no check is an error, 1 one is (with --strict also: one is a warning), 2 the configuration cannot be used.";

/// Checks this machine, what is stored and what GitHub says, and tells what to do about what is wrong.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DoctorArgs {
    /// Leave GitHub alone
    #[arg(long)]
    pub offline: bool,
    /// End with 1 for warnings too
    #[arg(long)]
    pub strict: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub(super) fn run(args: &DoctorArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let settings = match sources.load(Purpose::Serve) {
        Ok(settings) => settings,
        Err(problems) if args.json => {
            print(&Report::unusable(&problems).to_json());
            return Ok(Exit::Usage);
        }
        Err(problems) => return Err(problems.into()),
    };
    let Some(github) = &settings.github else {
        return Err(Failure::Usage { message: "no App is configured".to_owned(), hint: "see .env.example".to_owned() });
    };
    let occasion = if args.offline { Occasion::Offline } else { Occasion::Visit };
    let progress = if args.json { Progress::quiet() } else { Progress::to_terminal() };
    let report = runtime()?.block_on(examine(&settings, github, occasion, &progress))?;
    drop(progress);
    let text = if args.json { report.to_json() } else { report.to_text() };
    print(&text);
    let tolerated = if args.strict { Verdict::Ok } else { Verdict::Warning };
    Ok(if report.verdict() <= tolerated { Exit::Success } else { Exit::Finding })
}
