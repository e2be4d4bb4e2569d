//! How much one settlement may write (the contract, section 13).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::handlers::{Dispatcher, QUEUE};
use switchboard_engine::{Arrival, Automation, Context, Patience, Schedule, Trouble};
use switchboard_store::{Failure, NewJob, Settlement, Work};
use switchboard_testkit::{Builder, World};

use crate::support::*;

/// Kinds of jobs, and how many rows the settlement of each wrote: facts, records and counters.
type Decided = Arc<Mutex<Vec<(String, usize)>>>;

/// The dispatcher, and how much each of its decisions writes.
struct Weighed {
    dispatcher: Dispatcher,
    decided: Decided,
}

#[async_trait]
impl Automation for Weighed {
    fn name(&self) -> &'static str {
        self.dispatcher.name()
    }

    fn route(&self, arrival: &Arrival<'_>) -> Vec<NewJob> {
        self.dispatcher.route(arrival)
    }

    fn patience(&self, kind: &str) -> Patience {
        self.dispatcher.patience(kind)
    }

    async fn decide(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let settlement = self.dispatcher.decide(job, context).await?;
        let rows = settlement.facts.len() + settlement.records.len() + settlement.counters.len();
        let row = (job.kind.clone(), rows);
        self.decided.lock().unwrap_or_else(PoisonError::into_inner).push(row);
        Ok(settlement)
    }

    async fn carry(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        self.dispatcher.carry(intent, context).await
    }

    async fn give_up(&self, work: &Work, failure: &Failure, context: &Context) -> Settlement {
        self.dispatcher.give_up(work, failure, context).await
    }

    async fn lease_lost(&self, work: &Work, context: &Context) -> Option<Settlement> {
        self.dispatcher.lease_lost(work, context).await
    }

    fn schedules(&self) -> Vec<Schedule> {
        self.dispatcher.schedules()
    }
}

fn weighed(config: &Config) -> (Builder, Decided) {
    let (decided, config) = (Decided::default(), config.clone());
    let log = Arc::clone(&decided);
    let make = move || Weighed { dispatcher: Dispatcher::new(config.clone(), None), decided: Arc::clone(&log) };
    (arranged(World::with(make).queue(QUEUE)), decided)
}

/// The rows of all decisions of one kind, in order.
fn of(decided: &Decided, kind: &str) -> Vec<usize> {
    let decided = decided.lock().unwrap_or_else(PoisonError::into_inner);
    decided.iter().filter(|(of, _)| of == kind).map(|(_, rows)| *rows).collect()
}

#[tokio::test]
async fn a_plan_writes_at_most_eight_rows_and_twelve_for_each_candidate() {
    for candidates in [1_usize, 7, 25] {
        let (builder, decided) = weighed(&quiet());
        let mut world = builder.begin().await;
        let names: Vec<String> = (0..candidates).map(|n| format!("t{n}")).collect();
        let targets: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "cd.yml")).collect();
        let (_, ci) = source(&mut world, "acme/s", &targets);
        for (n, name) in names.iter().enumerate() {
            // Every third does not consent: a denial writes other rows than a dispatch.
            let source = if n % 3 == 2 { "somebody-else" } else { "s" };
            target(&mut world, &format!("acme/{name}"), "cd.yml", source);
        }

        ci.complete_run(&success());
        quietness(&mut world).await;

        let plans = of(&decided, "dispatcher.plan");
        assert!(!plans.is_empty());
        assert!(plans.iter().all(|rows| *rows <= 8 + 12 * candidates), "{candidates} candidates: {plans:?}");
        let consenting = (0..candidates).filter(|n| n % 3 != 2).map(|n| dispatch_of(&format!("acme/t{n}"), "cd.yml"));
        end(world, &consenting.collect::<Vec<_>>()).await;
    }
}

/// The contract's own views ask for more than eight rows of a run without candidates: six records (run, its two indexes, the
/// list and the list by source, the file's verdict), seven counters and two facts.
#[tokio::test]
async fn a_plan_without_candidates_writes_what_its_views_ask_for_and_no_more() {
    let (builder, decided) = weighed(&quiet());
    let mut world = builder.begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[]);

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(of(&decided, "dispatcher.plan"), [6 + 7 + 2]);
    end(world, &[]).await;
}

#[tokio::test]
async fn a_rollup_writes_at_most_four_rows_and_none_when_nothing_changed() {
    let (builder, decided) = weighed(&quiet());
    let mut world = builder.schedules().begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    ci.complete_run(&success());

    world.run_for(Duration::from_secs(4 * 3600)).await;

    let rollups = of(&decided, "dispatcher.rollup");
    assert!(rollups.len() > 200, "{} rollups", rollups.len());
    assert!(rollups.iter().all(|rows| *rows <= 4), "{rollups:?}");
    assert!(rollups.contains(&4), "the run was counted");
    // An hour after the last run all windows are empty, and stay so.
    let silent = &rollups[rollups.len() - 60..];
    assert!(silent.iter().all(|rows| *rows == 0), "{silent:?}");
    // The engine's own schedules ask GitHub too.
    world.finish(&[dispatch_of("acme/t", "cd.yml")]).await;
}
