//! What is told of files that do not parse, from the records alone.

use switchboard_dispatcher::Dispatcher;
use switchboard_dispatcher::config::Config;
use switchboard_engine::Automation as _;
use switchboard_engine::Reader;

use crate::support::*;

const INVALID: &str = "outbound:\n  - source: { workflow: ci.yml }\n    target: []\n";
const NAMES_T: &str =
    "outbound:\n  - source: { workflow: ci.yml }\n    targets: [{ repository: t, workflow: cd.yml }]\n";

#[tokio::test]
async fn broken_files_of_sources_are_told_with_lines_and_those_of_targets_by_their_verdict_until_they_are_mended() {
    let mut world = world(quiet()).begin().await;
    let (s, t) = (world.repository("acme/s"), world.repository("acme/t"));
    let ci = s.workflow("ci.yml");
    let of_t = t.workflow("ci.yml");
    let told = async |world: &switchboard_testkit::World| {
        let dispatcher = Dispatcher::new(Config::default(), None);
        let read = dispatcher.files(&Reader::new(world.store_handle())).await.unwrap();
        assert!(read.all);
        let line = |file: &switchboard_engine::files::BrokenFile| file.diagnostics.first().map(|first| first.line);
        read.broken.iter().map(|file| (file.repository.clone(), line(file))).collect::<Vec<_>>()
    };
    s.file("dispatching.yml", INVALID);
    ci.complete_run(&success());
    world.settle().await;
    assert_eq!(told(&world).await, [("acme/s".to_owned(), Some(3))]);

    s.file("dispatching.yml", NAMES_T);
    t.file("dispatching.yml", "inbound: 5\n");
    ci.complete_run(&success());
    world.settle().await;
    assert_eq!(told(&world).await, [("acme/t".to_owned(), None)]);

    t.file("dispatching.yml", "inbound: []\n");
    of_t.complete_run(&success());
    world.settle().await;
    assert_eq!(told(&world).await, []);
    end(world, &[]).await;
}
