//! Labels, reports, their repetitions and deaths of the server, in every order: one check run is seen in the end, and it shows what
//! holds.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use switchboard_engine::crash::CrashPoint;
use switchboard_relay::config::Config;
use switchboard_simulator::{Downstream, Pull, PullSpec, RunId, WebhookFault};

use crate::support::reports::Said;
use crate::support::*;

const BUILD: &str = "crcr/three/c/CI/build";
const SECOND: Duration = Duration::from_secs(1);

/// Something that happens around a pull request that has been dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happens {
    Labelled,
    Unlabelled,
    /// An attempt of the run reports its start.
    Starts(u32),
    /// It reports its end.
    Ends(u32, bool),
}

/// How it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrives {
    AtOnce,
    Twice,
    /// Behind what happens in the next seconds; reports, whose order decides, are not held up.
    Late,
    /// While the server dies, the so-manieth time that it comes to this point.
    InADeath(CrashPoint, u32),
    /// While GitHub's check runs answer 502 this often.
    WithoutChecks(u64),
    /// While the answer to the next new check run is lost.
    Unanswered,
}

/// What must be seen in the end.
#[derive(Debug, Default)]
struct Truth {
    labelled: bool,
    ever_labelled: bool,
    /// By attempt: running, or how it ended first.
    attempts: BTreeMap<u32, Option<&'static str>>,
}

impl Truth {
    fn happens(&mut self, what: Happens) {
        match what {
            Happens::Labelled => (self.labelled, self.ever_labelled) = (true, true),
            Happens::Unlabelled => self.labelled = false,
            Happens::Starts(attempt) => {
                self.attempts.entry(attempt).or_default();
            }
            Happens::Ends(attempt, passed) => {
                self.attempts.entry(attempt).or_default().get_or_insert(if passed { "success" } else { "failure" });
            }
        }
    }

    fn holds(&self, seen: Option<&str>) -> bool {
        let shown = self.attempts.last_key_value().map(|(_, end)| end.unwrap_or("in_progress"));
        match (self.labelled, seen) {
            (true, seen) => seen == shown,
            (false, None) => true,
            // Once there was a check run, it says that it no longer matters.
            (false, Some(seen)) => self.ever_labelled && shown.is_some() && seen == "neutral",
        }
    }
}

async fn town() -> Town {
    let mut town = Town::with(Config { target_checks: false, ..config() }, L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").never_reports().never_ends());
    town
}

/// A pull request that has been dispatched, with the delivery id and the run.
async fn opened(town: &mut Town, labelled: bool) -> (Pull, String, RunId) {
    let labels: &[&str] = if labelled { &[LABEL] } else { &[] };
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(labels));
    town.world.run_for(20 * SECOND).await;
    let id = town.newest_of("three/c").await;
    (pull, id, *town.runs("three/c").last().unwrap())
}

fn act(town: &Town, (pull, id, run): &(Pull, String, RunId), what: Happens) {
    let (said, attempt) = match what {
        Happens::Labelled => {
            pull.label(LABEL);
            return;
        }
        Happens::Unlabelled => {
            pull.unlabel(LABEL);
            return;
        }
        Happens::Starts(attempt) => (Said::started(id, run).attempt(attempt), attempt),
        Happens::Ends(attempt, true) => (Said::ended(id, run, "success").attempt(attempt), attempt),
        Happens::Ends(attempt, false) => (Said::ended(id, run, "failure").attempt(attempt), attempt),
    };
    let token = town.token("three/c", *run).claim("run_attempt", attempt.to_string()).mint();
    town.world.github.call_back(&token, &said.0);
}

fn orders(of: &[Happens]) -> Vec<Vec<Happens>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let with = |place: usize| {
        let rest: Vec<Happens> = of.iter().enumerate().filter(|(n, _)| *n != place).map(|(_, what)| *what).collect();
        orders(&rest).into_iter().map(move |mut order| {
            order.insert(0, of[place]);
            order
        })
    };
    (0..of.len()).flat_map(with).collect()
}

#[tokio::test]
async fn relay_26_every_order_of_labels_and_reports_ends_in_the_right_check() {
    let mut town = town().await;
    let all = [Happens::Labelled, Happens::Unlabelled, Happens::Starts(1), Happens::Ends(1, true)];
    for labelled in [false, true] {
        for order in orders(&all) {
            let opened = opened(&mut town, labelled).await;
            let mut truth = Truth { labelled, ever_labelled: labelled, attempts: BTreeMap::new() };
            for what in &order {
                act(&town, &opened, *what);
                truth.happens(*what);
                town.world.run_for(SECOND).await;
                let seen = town.check(&opened.0, BUILD);
                assert!(truth.holds(seen.as_deref()), "{seen:?} after {what:?} of {order:?}, labelled: {labelled}");
            }
        }
    }
    town.end_as_written().await;
}

fn happening() -> impl Strategy<Value = Happens> {
    prop_oneof![
        Just(Happens::Labelled),
        Just(Happens::Unlabelled),
        (1..3_u32).prop_map(Happens::Starts),
        (1..3_u32, any::<bool>()).prop_map(|(attempt, passed)| Happens::Ends(attempt, passed)),
    ]
}

fn arriving() -> impl Strategy<Value = Arrives> {
    // A report that the server dies over before it is stored is lost: nobody repeats it.
    let points =
        [CrashPoint::AfterAccept, CrashPoint::Claimed, CrashPoint::Decided, CrashPoint::Carried, CrashPoint::Settled];
    prop_oneof![
        2 => Just(Arrives::AtOnce),
        1 => Just(Arrives::Twice),
        1 => Just(Arrives::Late),
        2 => (prop::sample::select(points.to_vec()), 1..4_u32).prop_map(|(point, nth)| Arrives::InADeath(point, nth)),
        1 => (1..9_u64).prop_map(Arrives::WithoutChecks),
        1 => Just(Arrives::Unanswered),
    ]
}

async fn told(labelled: bool, story: &[(Happens, Arrives, u8)]) {
    let mut town = town().await;
    let opened = opened(&mut town, labelled).await;
    let mut truth = Truth { labelled, ever_labelled: labelled, attempts: BTreeMap::new() };
    for (what, arrives, pause) in story {
        let github = &town.world.github;
        let of_people = matches!(what, Happens::Labelled | Happens::Unlabelled);
        match arrives {
            Arrives::AtOnce => {}
            Arrives::Twice if of_people => github.webhook_fault("pull_request", None, 1, WebhookFault::Duplicate),
            Arrives::Twice => github.callback_fault(None, 1, WebhookFault::Duplicate),
            Arrives::Late if of_people => {
                github.webhook_fault("pull_request", None, 1, WebhookFault::Delay(5 * SECOND));
            }
            Arrives::Late => {}
            Arrives::InADeath(point, nth) => town.world.crash_at(*point, *nth),
            Arrives::WithoutChecks(times) => github.fault("*", "/repos/org/up/check-runs/**").times(*times).status(502),
            Arrives::Unanswered => github.fault("POST", "/repos/org/up/check-runs").lose_answer(),
        }
        act(&town, &opened, *what);
        truth.happens(*what);
        // What people do within one second GitHub gives one time; which came first, nobody could say.
        town.world.run_for(SECOND * (1 + u32::from(*pause))).await;
    }
    town.world.run_for(120 * MINUTE).await;
    let seen = town.check(&opened.0, BUILD);
    assert!(truth.holds(seen.as_deref()), "{seen:?}, but {truth:?}");
    let ids = town.results().await.len();
    assert_eq!(ids, truth.attempts.len(), "nothing is lost or doubled");
    assert_eq!(town.calls("POST", "/repos/three/c/dispatches"), 1);
    town.end_as_written().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn relay_26_repetitions_delays_and_deaths_change_nothing(
        labelled: bool,
        story in prop::collection::vec((happening(), arriving(), 0..4_u8), 1..9),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(told(labelled, &story));
    }
}
