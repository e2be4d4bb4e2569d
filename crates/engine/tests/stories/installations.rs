//! Where the App is installed is written down for pages, which ask GitHub nothing.

use std::time::Duration;

use switchboard_engine::installations::{Seen, VIEW};
use switchboard_store::Key;
use switchboard_testkit::Builder;

use crate::echo::Stage;

#[tokio::test]
async fn a_look_writes_down_what_each_account_granted_and_the_app_asks_for() {
    let (mut world, _) = Stage::new().arrange(Builder::schedules).begin().await;
    world.repository("acme/app");
    world.run_for(Duration::from_secs(1_200)).await;
    let id = world.installation("acme").id();
    let seen: Seen = world.record(&VIEW, Key::from(id.to_string())).await.unwrap();
    assert_eq!(seen.account.as_deref(), Some("acme"));
    assert_eq!(seen.suspended_at, None);
    assert!(!seen.needed.is_empty() && seen.granted == seen.needed, "{seen:?}");
    assert!(seen.seen_at.is_some());
    world.finish(&[]).await;
}
