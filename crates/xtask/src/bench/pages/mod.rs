//! `bench pages`: what each page and list costs with a short and with a long history. It must be the same: as many reads
//! of the store, and about as much time.
//!
//! - [`group`], [`history`] and [`fill`]: what the two histories are made of, and how they are written;
//! - [`visit`]: what is asked for;
//! - [`reads`]: how often each reads the store, counted in this process;
//! - [`times`]: how long each takes, over HTTP against the release build.

mod fill;
mod group;
mod history;
mod reads;
mod times;
mod visit;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::latency::Latencies;
use super::process::{self, Server};
use super::report::{self, Figure, Goal, Report, float};
use super::{disk, product, runtime};
use crate::cli::PagesArgs;
use crate::trouble::Trouble;
use crate::workspace::Workspace;

// What the product promises.
const MEDIAN_MAX: Duration = Duration::from_millis(20);
/// "The same order of time": with a thousand times as much stored, no page takes ten times as long.
const RATIO_MAX: f64 = 10.0;

/// What a page showed with one history.
struct Seen {
    name: &'static str,
    reads: u64,
    latencies: Latencies,
}

pub(super) fn run(workspace: &Workspace, wanted: &PagesArgs) -> Result<ExitCode, Trouble> {
    let binary = product::build(workspace, &wanted.common.profile)?;
    let scratch = product::Scratch::new(workspace, "pages")?;
    let disk = disk::under(scratch.path())?;
    let mut filled = Vec::new();
    let (few, many) = runtime()?.block_on(async {
        let mut seen = Vec::new();
        for deliveries in [wanted.few, wanted.many] {
            let folder = scratch.path().join(deliveries.to_string());
            std::fs::create_dir_all(&folder).map_err(Trouble::file(&folder))?;
            let began = Instant::now();
            eprintln!("writing a history of {deliveries} deliveries");
            fill::fill(&folder.join(product::DATABASE), deliveries).await?;
            filled.push((deliveries, began.elapsed(), product::database_size(&folder)?));
            seen.push(look(workspace, &binary, &folder, deliveries, wanted.rounds).await?);
        }
        let many = seen.pop().unwrap_or_default();
        Ok::<_, Trouble>((seen.pop().unwrap_or_default(), many))
    })?;

    for (deliveries, took, bytes) in filled {
        let megabytes = float(bytes) / 1e6;
        eprintln!("{deliveries} deliveries: written in {:.1} s, {megabytes:.1} MB", took.as_secs_f64());
    }
    let report = Report {
        title: format!(
            "pages: {} and {} deliveries, {} rounds over one connection, profile {}",
            wanted.few, wanted.many, wanted.rounds, wanted.common.profile
        ),
        machine: report::machine(&disk),
        columns: columns(&few, &many),
        goals: goals(&few, &many),
    };
    Ok(report.print(wanted.common.json, wanted.common.check))
}

async fn look(
    workspace: &Workspace,
    binary: &Path,
    folder: &Path,
    deliveries: u32,
    rounds: u32,
) -> Result<Vec<Seen>, Trouble> {
    let counted = reads::count(workspace, &folder.join(product::DATABASE), deliveries).await?;
    let address = process::free_address()?;
    // Nobody listens there: pages never ask GitHub.
    let github = format!("http://{}", process::free_address()?);
    let mut command = product::serve(workspace, binary, folder, address, &github);
    let server = Server::start(&mut command, address, &folder.join("serve.log")).await?;
    eprintln!("asking for {} pages, {rounds} times", counted.len());
    let (visits, reads): (Vec<_>, Vec<_>) = counted.into_iter().unzip();
    let latencies = times::measure(server.address(), &visits, rounds).await?;
    server.stop().await?;
    let seen = visits.into_iter().zip(reads).zip(latencies);
    Ok(seen.map(|((visit, reads), latencies)| Seen { name: visit.name, reads, latencies }).collect())
}

fn columns(few: &[Seen], many: &[Seen]) -> Vec<(&'static str, Vec<Figure>)> {
    let reads = |seen: &Seen| Figure::quantity(seen.name, seen.name, float(seen.reads), 0);
    let median = |seen: &Seen| Figure::time(seen.name, seen.name, seen.latencies.percentile(50));
    let slow = |seen: &Seen| Figure::time(seen.name, seen.name, seen.latencies.percentile(99));
    let ratios = few.iter().zip(many).map(|(few, many)| Figure::quantity(few.name, few.name, ratio(few, many), 1));
    vec![
        ("reads, few", few.iter().map(reads).collect()),
        ("reads, many", many.iter().map(reads).collect()),
        ("p50 few, ms", few.iter().map(median).collect()),
        ("p50 many, ms", many.iter().map(median).collect()),
        ("ratio", ratios.collect()),
        ("p99 few, ms", few.iter().map(slow).collect()),
        ("p99 many, ms", many.iter().map(slow).collect()),
    ]
}

fn ratio(few: &Seen, many: &Seen) -> f64 {
    let median = |seen: &Seen| seen.latencies.percentile(50).as_secs_f64();
    median(many) / median(few).max(f64::EPSILON)
}

fn goals(few: &[Seen], many: &[Seen]) -> Vec<Goal> {
    let both = || few.iter().zip(many);
    let other: Vec<&str> = both().filter(|(few, many)| few.reads != many.reads).map(|(few, _)| few.name).collect();
    let slow: Vec<&str> = both()
        .filter(|(few, many)| few.latencies.percentile(50).max(many.latencies.percentile(50)) > MEDIAN_MAX)
        .map(|(few, _)| few.name)
        .collect();
    let grown: Vec<&str> =
        both().filter(|(few, many)| ratio(few, many) >= RATIO_MAX).map(|(few, _)| few.name).collect();
    let goal = |text: String, missed: &[&str]| Goal {
        text: if missed.is_empty() { text } else { format!("{text}, but {}", missed.join(", ")) },
        met: missed.is_empty(),
    };
    vec![
        goal("every page reads the store as often with many deliveries as with few".to_owned(), &other),
        goal("every page takes less than ten times as long".to_owned(), &grown),
        goal(format!("no page over {} ms at the median", MEDIAN_MAX.as_millis()), &slow),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &'static str, reads: u64, millis: u64) -> Seen {
        Seen { name, reads, latencies: Latencies::new(vec![Duration::from_millis(millis)]) }
    }

    /// What the benchmark says of a thousand times as many, said of twice as many, so that a page that is added to the
    /// list, or changed, does not have to wait for the benchmark.
    #[test]
    fn every_page_of_the_list_answers_and_reads_as_often_with_twice_as_much_stored() {
        let workspace = Workspace::find().unwrap();
        let scratch = product::Scratch::new(&workspace, "pages-test").unwrap();
        let counted = [1_000, 2_000].map(|deliveries| {
            let path = scratch.path().join(format!("{deliveries}.db"));
            runtime().unwrap().block_on(async {
                fill::fill(&path, deliveries).await.unwrap();
                reads::count(&workspace, &path, deliveries).await.unwrap()
            })
        });
        let [few, many] = counted.map(|counted| counted.into_iter().map(|(visit, reads)| (visit.name, reads)));
        let many: Vec<_> = many.collect();
        assert_eq!(few.collect::<Vec<_>>(), many);
        assert!(many.len() > 50 && many.iter().all(|(_, reads)| *reads > 0), "{many:?}");
    }

    #[test]
    fn a_page_that_reads_more_or_takes_longer_is_named() {
        let few = [seen("/", 3, 1), seen("/jobs", 4, 1), seen("/audit", 2, 3)];
        let many = [seen("/", 3, 1), seen("/jobs", 5, 1), seen("/audit", 2, 30)];
        let goals = goals(&few, &many);
        assert!(goals.iter().all(|goal| !goal.met));
        for (goal, name) in goals.iter().zip(["/jobs", "/audit", "/audit"]) {
            assert!(goal.text.ends_with(&format!(", but {name}")), "{}", goal.text);
        }
        let flat = super::goals(&few, &few);
        assert!(flat.iter().all(|goal| goal.met), "{flat:?}");
    }
}
