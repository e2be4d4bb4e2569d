//! The suite that every backend must pass: one test for each promise of [`Store`](crate::Store), in plain words.
//!
//! A backend's tests implement [`Backend`] and say `switchboard_store::conformance!(TheirBackend);`. Each promise is
//! then a test of its own. The suite knows the trait only, so a backend over the network runs it unchanged.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests, though they lie in a library")]

pub mod backlog;
pub mod deliveries;
pub mod histories;
pub(crate) mod house;
pub mod intents;
pub mod lanes;
pub mod leases;
mod model;
pub mod reads;
pub mod retention;
pub mod settlements;
pub mod traffic;

pub use house::{Backend, House};

/// Makes a test of every promise, for one backend.
#[macro_export]
macro_rules! conformance {
    ($backend:ty) => {
        $crate::conformance! { $backend:
            backlog {
                the_backlog_says_what_waits
                the_backlog_says_what_is_leased
                the_backlog_says_what_holds_its_lane
                a_timer_or_a_revived_work_holds_no_lane
                a_wish_that_holds_its_lane_lets_go_when_another_takes_its_place
            }
            deliveries {
                what_was_accepted_survives_the_server
                a_delivery_without_jobs_is_ignored
                the_same_delivery_again_is_a_duplicate
                equal_deliveries_at_once_are_accepted_once
                another_body_under_a_known_id_is_a_conflict
                a_binding_keeps_its_first_value
                a_dead_delivery_is_queued_again
                a_delivery_settles_with_its_last_job
                a_delivery_is_dead_with_its_dead_jobs
                a_job_may_follow_from_nothing
                a_job_may_follow_from_an_earlier_delivery
                bodies_come_back_byte_for_byte
                deliveries_are_listed_newest_first
                a_probe_leaves_nothing
            }
            lanes {
                a_lane_runs_one_at_a_time_in_order
                lanes_run_in_parallel
                a_lane_belongs_to_one_automation_and_class
                a_job_in_backoff_holds_its_lane
                a_timer_does_not_hold_its_lane
                a_timer_waits_behind_a_job_in_backoff
                a_past_due_time_does_not_overtake
                a_follow_up_goes_to_the_end_of_its_lane
                installations_take_turns
                one_large_claim_is_fair_too
                a_claim_takes_from_its_queues_only
                the_store_says_when_work_is_next_due
                a_keyed_job_waits_only_once
                works_are_listed_newest_first
            }
            leases {
                a_lease_is_one_workers_alone
                an_expired_lease_is_taken_back
                a_stale_settlement_changes_nothing
                a_late_settlement_counts_until_it_is_taken_back
                a_lease_can_be_extended
                leases_end_with_the_server
                attempts_are_remembered
                time_never_runs_backwards
            }
            settlements {
                a_settlement_commits_as_a_whole
                a_settlement_beyond_the_limits_changes_nothing
                a_lease_settles_once
                a_refusal_harms_nobody_else
                counters_add_up
                counters_can_be_removed
                records_are_written_in_order
                a_dead_work_can_be_revived
                a_dead_work_can_be_discarded
                hints_tell_of_what_was_committed
            }
            intents {
                once_means_once
                once_outlives_death_and_withdrawal
                the_latest_replaces_what_waits
                the_latest_follows_what_is_being_sent
                the_latest_follows_what_was_lost
                the_latest_is_sent_again
                an_older_wish_never_overwrites_a_newer
                an_unsent_wish_can_be_withdrawn
                a_waiting_job_can_be_withdrawn
                a_wish_can_be_withdrawn_and_put_in_one
                a_held_installation_waits
                a_hold_is_only_prolonged
                a_hold_stops_the_intent_that_met_it
            }
            reads {
                records_are_read_by_range
                counters_are_read_by_range
                facts_are_read_in_order_of_commit
            }
            retention {
                bodies_go_first
                history_goes_later
                what_is_pending_or_dead_stays
            }
            traffic {
                what_an_installation_sent_last_goes_with_it
            }
        }

        mod histories {
            use super::*;

            #[test]
            fn every_history_keeps_the_promises() {
                $crate::conformance::histories::every_history_keeps_the_promises::<$backend>();
            }

            #[test]
            fn the_buckets_equal_what_happened() {
                $crate::conformance::traffic::the_buckets_equal_what_happened::<$backend>();
            }
        }
    };
    ($backend:ty: $($chapter:ident { $($promise:ident)* })*) => {$(
        mod $chapter {
            use super::*;
            $(
                #[tokio::test]
                async fn $promise() {
                    let mut house = $crate::conformance::House::<$backend>::new().await;
                    $crate::conformance::$chapter::$promise(&mut house).await;
                    house.reopen().await;
                }
            )*
        }
    )*};
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_promise_is_left_out() {
        let suite = include_str!("mod.rs");
        for chapter in [
            include_str!("backlog.rs"),
            include_str!("deliveries.rs"),
            include_str!("intents.rs"),
            include_str!("lanes.rs"),
            include_str!("leases.rs"),
            include_str!("reads.rs"),
            include_str!("retention.rs"),
            include_str!("settlements.rs"),
            include_str!("traffic.rs"),
        ] {
            let promises = chapter.lines().filter_map(|line| line.strip_prefix("pub async fn ")?.split('<').next());
            for promise in promises {
                let line = format!("                {promise}\n");
                assert!(suite.contains(&line), "{promise} is not in the suite");
            }
        }
    }
}
