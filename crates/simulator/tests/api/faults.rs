use std::time::Duration;

use serde_json::json;
use switchboard_clock::Clock as _;
use switchboard_simulator::Fault;

use crate::support::{World, header, json_of, request};

const DISPATCH: &str = "/repos/acme/target/actions/workflows/cd.yml/dispatches";
const DISPATCHES: &str = "/repos/*/*/actions/workflows/*/dispatches";

#[tokio::test]
async fn faults_come_in_order_and_end() {
    let world = World::new();
    let token = world.token().await;
    world.github.fault("POST", DISPATCHES).times(2).status(502);
    world.github.fault("POST", DISPATCHES).secondary_limit(Some(37));
    let mut seen = Vec::new();
    for _ in 0..4 {
        let answer = world.post(DISPATCH, &token, json!({ "ref": "main" })).await;
        seen.push((answer.status().as_u16(), header(&answer, "retry-after").to_owned()));
    }
    let statuses: Vec<u16> = seen.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [502, 502, 403, 204]);
    assert_eq!(seen[2].1, "37");
    assert_eq!(world.cd.runs().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_was_acted_upon_and_a_reset_was_not() {
    let world = World::new();
    let token = world.token().await;
    let dispatch = || request("POST", DISPATCH, &token, Some(json!({ "ref": "main" })));
    world.github.fault("POST", DISPATCHES).reset();
    assert_eq!(world.try_send(dispatch()).await.unwrap_err(), Fault::Reset);
    world.github.fault("POST", DISPATCHES).hang();
    assert_eq!(world.try_send(dispatch()).await.unwrap_err(), Fault::Hang);
    world.github.fault("POST", DISPATCHES).refuse();
    assert_eq!(world.try_send(dispatch()).await.unwrap_err(), Fault::Refused);
    assert!(world.cd.runs().is_empty());
    world.github.fault("POST", DISPATCHES).lose_answer();
    assert_eq!(world.try_send(dispatch()).await.unwrap_err(), Fault::Reset);
    world.github.fault("POST", DISPATCHES).hang_after_processing();
    assert_eq!(world.try_send(dispatch()).await.unwrap_err(), Fault::Hang);
    world.github.fault("POST", DISPATCHES).processed_but_status(502);
    assert_eq!(world.try_send(dispatch()).await.unwrap().status(), 502);
    assert_eq!(world.cd.runs().len(), 3);
    assert_eq!(world.github.writes().len(), 3, "the ledger knows what the caller cannot");
}

#[tokio::test]
async fn a_fault_may_wait_for_the_second_call_and_stay() {
    let world = World::new();
    let token = world.token().await;
    world.github.fault("GET", "/repos/acme/source/**").after(1).always().answer(500, &[("x-why", "test")], json!({}));
    assert_eq!(world.get("/repos/acme/source", &token).await.status(), 200);
    for _ in 0..3 {
        let answer = world.get("/repos/acme/source", &token).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "x-why")), (500, "test"));
    }
    assert_eq!(world.get("/repos/acme/target", &token).await.status(), 200);
}

#[tokio::test]
async fn a_slow_answer_takes_the_clocks_time() {
    let world = World::new();
    let token = world.token().await;
    world.github.fault("GET", "/repos/*/*").slow(Duration::from_secs(8));
    let start = world.clock.now();
    let (answer, ()) = tokio::join!(world.get("/repos/acme/source", &token), async {
        while world.clock.next_wake().is_none() {
            tokio::task::yield_now().await;
        }
        world.pass(8);
    });
    assert_eq!(json_of(&answer)["name"], "source");
    assert_eq!(world.clock.now().since(start), Duration::from_secs(8));
}
