//! How the schedules get going: a start of the server is a delivery like any other, whose jobs are the first runs.

use std::sync::Arc;

use bytes::Bytes;
use switchboard_store::{Class, DeliveryKey, Digest, NewDelivery, NewJob, Result, Store, WorkFilter, WorkState};

use crate::{Automation, Schedule};

/// Unsettled jobs of a schedule's lane that are looked at.
const LANE_MAX: usize = 100;

/// The jobs that a start adds, so that every schedule has its next run and those that begin with the server run now.
///
/// Two servers that start at the same moment may both find nothing; the jobs' keys keep them from adding it twice.
pub(crate) async fn first_runs(store: &dyn Store, automations: &[Arc<dyn Automation>]) -> Result<Vec<NewJob>> {
    let mut jobs = Vec::new();
    for automation in automations {
        for schedule in automation.schedules() {
            jobs.extend(first_run(store, automation.name(), &schedule).await?);
        }
    }
    Ok(jobs)
}

async fn first_run(store: &dyn Store, automation: &'static str, schedule: &Schedule) -> Result<Option<NewJob>> {
    let now = store.now();
    let lane = WorkFilter::Lane(Class::Job, automation.to_owned(), schedule.lane.clone());
    let mut known = store.works(lane, None, LANE_MAX).await?;
    known.retain(|job| job.kind == schedule.kind);
    // A run that was under way when its server died is made again, and enqueues the next when it settles.
    let runs_now = known.iter().any(|job| job.state == WorkState::Leased || job.due <= now);
    Ok(match (runs_now, schedule.at_start) {
        (true, _) => None,
        (false, true) if known.is_empty() => Some(schedule.job(automation, now)),
        // A run beside the schedule, which keeps its rhythm.
        (false, true) => Some(NewJob { key: None, ..schedule.job(automation, now) }),
        (false, false) => Some(schedule.job(automation, now + schedule.every)),
    })
}

/// The delivery that a start of the server is. Its jobs are keyed, so a run that still waits from before stands for
/// the one that would be added.
pub(crate) fn start(id: String, jobs: Vec<NewJob>) -> NewDelivery {
    let body = Bytes::from_static(b"{}");
    NewDelivery {
        key: DeliveryKey {
            platform: "server".to_owned(),
            delivery_id: id,
            event: "start".to_owned(),
            action: String::new(),
        },
        digest: Digest::of(&body),
        headers: Vec::new(),
        body,
        installation: None,
        repository: None,
        subject: None,
        jobs,
        bindings: Vec::new(),
    }
}
