//! Case 35, and section 7: a Redis that is dead, dies, is emptied, stands still or lies changes no outcome.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_clock::Timestamp;
use switchboard_relay::cache::keys::CacheKey;
use switchboard_relay::cache::redis::{COMMAND_TIMEOUT, Redis, Unusable};
use switchboard_relay::cache::{Backend, Cache, Entry, Standing};
use switchboard_relay::config::Config;
use switchboard_simulator::Downstream;

use crate::support::redis::{Server, Way, ask, connected};
use crate::support::reports::Said;
use crate::support::*;
use crate::{dispatch, results, scenarios};

/// Cases 1, 16 and 24.
async fn stories(cached: &Cached) {
    dispatch::levels(cached).await;
    results::times(cached).await;
    scenarios::scenario_1(cached).await;
}

#[tokio::test]
async fn relay_35_redis_dead_from_the_start_changes_nothing() {
    // Nobody listens there: the port was free a moment ago.
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = Arc::new(Redis::new(&format!("redis://{nowhere}"), "here").unwrap());
    stories(&Cached::within(Arc::clone(&dead) as _)).await;
    assert_eq!(dead.standing(), Standing::Failing);
    assert!(dead.errors() >= 3, "it was tried: {}", dead.errors());
}

#[tokio::test]
async fn relay_35_a_redis_that_lives_holds_what_the_contract_says_and_no_more() {
    let Some(server) = Server::start(&[]).await else { return };
    let redis = connected(&server.url()).await;
    stories(&Cached::within(Arc::clone(&redis) as _)).await;
    assert_eq!((redis.errors(), redis.standing()), (0, Standing::Ready));
    let mut keys: Vec<String> = server.ask(&["KEYS", "*"]).await;
    keys.sort();
    let kind = |key: &String| {
        let rest = key.strip_prefix("switchboard:relay:").unwrap();
        rest.split(':').next().unwrap().to_owned()
    };
    let mut kinds: Vec<String> = keys.iter().map(kind).collect();
    kinds.dedup();
    assert_eq!(kinds, ["action", "allowlist", "dispatch", "jti", "pr", "rate", "run"]);
    for key in &keys {
        let ttl: i64 = server.ask(&["TTL", key]).await;
        let most = match kind(key).as_str() {
            "allowlist" => 900,
            "rate" => 120,
            "jti" => 3_600,
            _ => 3 * 24 * 3_600,
        };
        assert!((1..=most).contains(&ttl), "{key}: {ttl}");
        let values: Vec<String> = match kind(key).as_str() {
            "action" | "rate" => server.ask(&["HVALS", key]).await,
            _ => vec![server.ask(&["GET", key]).await],
        };
        for value in values {
            let json: Value = serde_json::from_str(&value).unwrap();
            assert_eq!(json["v"], 1, "{key}: {value}");
            assert!(!value.contains("ghs_") && !value.contains("eyJ"), "{key}: {value}");
        }
    }
}

#[tokio::test]
async fn relay_35_a_redis_that_is_emptied_or_lied_to_midway_changes_nothing() {
    let Some(server) = Server::start(&[]).await else { return };
    let redis = connected(&server.url()).await;
    let url = server.url();
    let flushed = Cached::within(Arc::clone(&redis) as _).then(move || {
        let url = url.clone();
        async move { drop(ask::<String>(&url, &["FLUSHALL"]).await) }
    });
    stories(&flushed).await;
    let url = server.url();
    let lied_to = Cached::within(Arc::clone(&redis) as _).then(move || {
        let url = url.clone();
        async move { garble(&url).await }
    });
    stories(&lied_to).await;
    assert_eq!(redis.errors(), 0, "garbage is no failure");
}

/// Every value becomes something else: another form, no JSON, another shape.
async fn garble(url: &str) {
    let keys: Vec<String> = ask(url, &["KEYS", "*"]).await;
    assert!(!keys.is_empty());
    for (n, key) in keys.iter().enumerate() {
        let _: i64 = ask(url, &["DEL", key]).await;
        match n % 4 {
            0 => drop(ask::<String>(url, &["SET", key, r#"{"v":2,"lane":"x"}"#]).await),
            1 => drop(ask::<String>(url, &["SET", key, "\u{0}[[[["]).await),
            2 => drop(ask::<i64>(url, &["RPUSH", key, "a", "list"]).await),
            _ => drop(ask::<i64>(url, &["HSET", key, "a", r#"{"v":1}"#]).await),
        }
    }
}

#[tokio::test]
async fn relay_35_a_redis_that_dies_midway_changes_nothing() {
    for story in 0..3 {
        let Some(server) = Server::start(&[]).await else { return };
        let redis = connected(&server.url()).await;
        let server = Rc::new(RefCell::new(server));
        let dies = Rc::clone(&server);
        let cached = Cached::within(Arc::clone(&redis) as _).then(move || {
            dies.borrow_mut().kill();
            async {}
        });
        match story {
            0 => dispatch::levels(&cached).await,
            1 => results::times(&cached).await,
            _ => scenarios::scenario_1(&cached).await,
        }
        // Once a pull request is dispatched, nothing more is put there before something is reported.
        assert!(story == 0 || redis.errors() > 0);
    }
}

#[tokio::test]
async fn relay_35_a_redis_that_stands_still_midway_changes_nothing() {
    let Some(server) = Server::start(&[]).await else { return };
    let way = Rc::new(Way::to(server.address()).await);
    let redis = Arc::new(Redis::new(&way.url(), "here").unwrap());
    redis.ping().await.unwrap();
    let stands = Rc::clone(&way);
    let cached = Cached::within(Arc::clone(&redis) as _).then(move || {
        stands.stand_still();
        async {}
    });
    scenarios::scenario_1(&cached).await;
    assert!(redis.errors() > 0);
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_000_000 + seconds)
}

fn key(number: u64) -> CacheKey {
    CacheKey::pull("p:", &name(UP), number)
}

fn entry(number: u64, value: &str) -> Entry {
    Entry { key: key(number), field: None, value: value.into(), ttl: MINUTE }
}

#[tokio::test]
async fn a_redis_answers_keys_and_fields_and_comes_back_after_a_death() {
    let Some(mut server) = Server::start(&[]).await else { return };
    let redis = connected(&server.url()).await;
    let field = |name: &str| Entry { field: Some(name.to_owned()), ..entry(9, name) };
    redis.put(vec![entry(1, "one"), entry(2, "two"), field("a"), field("b")], at(0)).await;
    let found = redis.get(&[key(2), key(3), key(9), key(1)], at(0)).await;
    assert_eq!(found, [Some(b"two".to_vec()), None, None, Some(b"one".to_vec())]);
    let mut fields = redis.fields(&key(9), at(0)).await;
    fields.sort();
    assert_eq!(fields, [("a".to_owned(), b"a".to_vec()), ("b".to_owned(), b"b".to_vec())]);
    assert!(redis.fields(&key(1), at(0)).await.is_empty(), "a value has no fields");
    let ttl: i64 = server.ask(&["PTTL", &key(9).text]).await;
    assert!((1..=60_000).contains(&ttl), "{ttl}");

    server.kill();
    assert!(redis.get(&[key(1)], at(1)).await.iter().all(Option::is_none));
    server.restart().await;
    // It is connected to beside what is asked, so the first that ask get nothing.
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        redis.put(vec![entry(1, "again")], at(2)).await;
        if redis.get(&[key(1)], at(2)).await == [Some(b"again".to_vec())] {
            break;
        }
        assert!(Instant::now() < deadline, "it does not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(redis.standing(), Standing::Ready);
}

#[tokio::test]
async fn a_redis_that_stands_still_costs_three_times_100_ms_and_is_then_left_alone_for_30_s() {
    let Some(server) = Server::start(&[]).await else { return };
    let way = Way::to(server.address()).await;
    let redis = Redis::new(&way.url(), "here").unwrap();
    redis.ping().await.unwrap();
    let _: String = server.ask(&["SET", &key(1).text, "one"]).await;
    way.stand_still();
    for n in 1..=3 {
        let begun = Instant::now();
        assert!(redis.get(&[key(1)], at(0)).await.is_empty());
        assert!(begun.elapsed() >= COMMAND_TIMEOUT, "{:?}", begun.elapsed());
        assert_eq!(redis.errors(), n);
    }
    for now in [at(0), at(29)] {
        assert!(redis.get(&[key(1)], now).await.is_empty());
    }
    assert_eq!(redis.errors(), 3, "it is not asked");
    way.go_on();
    let deadline = Instant::now() + Duration::from_secs(10);
    while redis.get(&[key(1)], at(30)).await != [Some(b"one".to_vec())] {
        assert!(Instant::now() < deadline, "it does not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((redis.errors(), redis.standing()), (3, Standing::Ready));
}

#[tokio::test]
async fn a_redis_that_refuses_us_says_so_and_no_password_is_told() {
    let Some(server) = Server::start(&["--requirepass", "hunter2"]).await else { return };
    let with = |password: &str| server.url().replace("redis://", &format!("redis://:{password}@"));
    assert_eq!(Redis::new(&with("hunter2"), "here").unwrap().ping().await, Ok(()));
    for url in [with("letmein"), server.url()] {
        let Err(Unusable::Refused(why)) = Redis::new(&url, "here").unwrap().ping().await else { panic!("{url}") };
        assert!(!why.contains("letmein") && !why.is_empty(), "{why}");
    }
    for url in ["http://letmein@localhost", "redis://", "letmein", "redis://:letmein@h:x", "rediss://[letmein"] {
        let refused = Redis::new(url, "here").map(|_| ()).unwrap_err();
        assert!(!refused.to_string().contains("letmein"), "{refused}");
    }
    let tls = Redis::new(&server.url().replace("redis://", "rediss://"), "here").unwrap();
    assert!(tls.ping().await.is_err(), "it does not speak TLS");
}

#[tokio::test]
async fn what_another_node_took_counts_while_redis_tells_it() {
    let Some(server) = Server::start(&[]).await else { return };
    let redis = connected(&server.url()).await;
    let cached = Cached::within(Arc::clone(&redis) as _);
    let config = Config { rate_limit_per_minute: 10, ..config() };
    let mut town = Town::cached(config, "L2: [two/b]", &cached).await;
    town.downstream("two/b", Downstream::run("CI").result("build").never_reports().succeeds_after(500 * MINUTE));
    town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    let (id, run) = (town.dispatches().await[0].delivery_id.clone(), town.runs("two/b")[0]);
    let rate = CacheKey::rate("switchboard:relay:", &name("two/b")).text;
    let theirs = json!({ "v": 1, "seconds": [[town.world.now().seconds(), 9]] }).to_string();
    let _: i64 = server.ask(&["HSET", &rate, "there", &theirs]).await;
    let job = |n: u32| Said::started(&id, run).job(&format!("test ({n})"));
    assert_eq!(town.report("two/b", run, &job(1)).await.status, 200);
    let refused = town.report("two/b", run, &job(2)).await;
    assert_eq!(refused.refusal(), (429, "rate_limited"));
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert!((58..=60).contains(&wait), "{wait}");
    let ours: Value = serde_json::from_str(&server.ask::<String>(&["HGET", &rate, "here"]).await).unwrap();
    assert_eq!(ours["seconds"], json!([[town.world.now().seconds(), 1]]));
    let _: String = server.ask(&["FLUSHALL"]).await;
    assert_eq!(town.report("two/b", run, &job(2)).await.status, 200, "without it, each node counts its own");
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn a_second_report_of_a_target_reads_two_records_less() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").never_reports().succeeds_after(500 * MINUTE));
    town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    let (id, run) = (town.dispatches().await[0].delivery_id.clone(), town.runs("two/b")[0]);
    let mut reads = Vec::new();
    for n in 1..=2 {
        let before = town.world.store_reads();
        assert_eq!(town.report("two/b", run, &Said::started(&id, run).job(&n.to_string())).await.status, 200);
        reads.push(town.world.store_reads() - before);
    }
    assert_eq!(reads, [4, 2]);
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn a_list_that_another_node_has_just_read_is_not_read_again() {
    let Some(server) = Server::start(&[]).await else { return };
    let redis = connected(&server.url()).await;
    let cached = Cached::within(Arc::clone(&redis) as _);
    let mut town = Town::cached(config(), "L1: [one/a]", &cached).await;
    const FILE: &str = "/repos/org/up/contents/.github/allowlist.yml";
    let read = |town: &Town| town.calls("GET", FILE);
    let begun = read(&town);
    let cache = Cache::new(Arc::clone(&redis) as _, "switchboard:relay:", name(UP));
    assert_eq!(cache.allowlist(town.world.now()).await.unwrap().yaml, "L1: [one/a]");
    // The server's own schedule asks the cache; an operator asks GitHub.
    town.scheduled_read().await;
    assert_eq!(read(&town), begun);
    town.refresh().await;
    assert_eq!(read(&town), begun + 1);
    // A text that the store does not know is never taken from there.
    town.up.file(".github/allowlist.yml", "L1: [two/b]".to_owned());
    let forged = json!({
        "v": 1, "source": ".github/allowlist.yml", "etag": null, "fetched_at": town.world.now(), "yaml": "L4: [evil/e]",
    });
    let key = CacheKey::allowlist("switchboard:relay:", &name(UP)).text;
    let _: String = server.ask(&["SET", &key, &forged.to_string()]).await;
    town.scheduled_read().await;
    assert_eq!(read(&town), begun + 2);
    assert_eq!(town.listed().await, ["two/b"]);
    town.end(&[]).await;
}
