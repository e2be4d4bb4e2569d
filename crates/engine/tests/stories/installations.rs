//! Where the App is installed is written down for pages, which ask GitHub nothing.

use std::time::Duration;

use serde_json::json;
use switchboard_engine::installations::{CHECK_ONE, REPOSITORIES, Repositories, Seen, VIEW};
use switchboard_simulator::{Access, Installation, InstallationSpec};
use switchboard_store::Key;
use switchboard_testkit::{Builder, World};

use crate::echo::Stage;

async fn seen(world: &World, installation: &Installation) -> Option<Seen> {
    world.record(&VIEW, Key::from(installation.id().to_string())).await
}

async fn repositories(world: &World, installation: &Installation) -> Option<Repositories> {
    world.record(&REPOSITORIES, Key::from(installation.id().to_string())).await
}

#[tokio::test]
async fn a_look_writes_down_what_each_account_granted_and_the_app_asks_for() {
    let without_gap_repair = |builder: Builder| builder.schedules().options(|options| options.upkeep.gap_repair = None);
    let (mut world, _) = Stage::new().arrange(without_gap_repair).begin().await;
    world.repository("acme/app");
    let globex = world.github.organization("globex");
    let (one, two) = (globex.repository("one"), globex.repository("two"));
    globex.repository("three");
    let selected = world.app.install(&globex, InstallationSpec::selected(&[&one, &two]));
    world.run_for(Duration::from_secs(1_200)).await;

    let acme = seen(&world, world.installation("acme")).await.unwrap();
    assert_eq!(acme.account.as_deref(), Some("acme"));
    assert_eq!(acme.suspended_at, None);
    assert!(!acme.needed.is_empty() && acme.granted == acme.needed, "{acme:?}");
    assert!(acme.seen_at.is_some());
    assert_eq!((acme.repositories.as_deref(), acme.repository_count), (Some("all"), None));
    assert_eq!(repositories(&world, world.installation("acme")).await, None, "all of them need no list");

    assert_eq!(seen(&world, &selected).await.unwrap().repository_count, Some(2));
    let covered = repositories(&world, &selected).await.unwrap();
    assert_eq!((covered.count, covered.names), (2, vec!["globex/one".to_owned(), "globex/two".to_owned()]));

    // Where no webhook could tell of it, the next look does.
    world.stop();
    selected.uninstall();
    world.start().await;
    world.run_for(Duration::from_secs(700)).await;
    assert_eq!((seen(&world, &selected).await, repositories(&world, &selected).await), (None, None));
    world.finish(&[]).await;
}

#[tokio::test]
async fn a_webhook_about_an_installation_makes_its_record_true_within_seconds() {
    let (mut world, _) = Stage::new().begin().await;
    let globex = world.github.organization("globex");
    let (one, two) = (globex.repository("one"), globex.repository("two"));
    let installation = world.app.install(&globex, InstallationSpec::selected(&[&one]));
    installation.announce();
    world.settle().await;
    assert_eq!(seen(&world, &installation).await.unwrap().repository_count, Some(1));
    for arrived in world.arrived() {
        assert_eq!(arrived.answer.as_ref().unwrap().body["ignored"], false, "it makes work");
    }

    installation.add_repository(&two);
    world.settle().await;
    assert_eq!(seen(&world, &installation).await.unwrap().repository_count, Some(2));
    assert_eq!(repositories(&world, &installation).await.unwrap().names, ["globex/one", "globex/two"]);

    installation.set_permissions(&[("issues", Access::Read)]);
    world.settle().await;
    assert_eq!(seen(&world, &installation).await.unwrap().granted["issues"], "read");

    installation.suspend();
    world.settle().await;
    let suspended = seen(&world, &installation).await.unwrap();
    assert!(suspended.suspended_at.is_some() && suspended.repository_count.is_none(), "{suspended:?}");

    installation.uninstall();
    world.settle().await;
    assert_eq!((seen(&world, &installation).await, repositories(&world, &installation).await), (None, None));
    world.finish(&[]).await;
}

#[tokio::test]
async fn webhooks_about_one_installation_that_come_together_are_one_look() {
    let (mut world, _) = Stage::new().begin().await;
    let globex = world.github.organization("globex");
    let installation = world.app.install(&globex, InstallationSpec::selected(&[]));
    world.stop();
    world.start().await;
    for name in ["one", "two", "three"] {
        installation.add_repository(&globex.repository(name));
    }
    world.settle().await;
    assert_eq!(world.arrived().len(), 3);
    assert_eq!(world.works(CHECK_ONE).await.len(), 1);
    assert_eq!(seen(&world, &installation).await.unwrap().repository_count, Some(3));
    world.finish(&[]).await;
}

#[tokio::test]
async fn an_installation_is_known_also_when_its_repositories_are_not_told() {
    let (mut world, _) = Stage::new().arrange(Builder::schedules).begin().await;
    let globex = world.github.organization("globex");
    let one = globex.repository("one");
    let installation = world.app.install(&globex, InstallationSpec::selected(&[&one]));
    world.github.fault("GET", "/installation/repositories").answer(
        403,
        &[],
        json!({ "message": "Resource not accessible by integration" }),
    );
    world.run_for(Duration::from_secs(1)).await;
    let unknown = seen(&world, &installation).await.unwrap();
    assert_eq!((unknown.account.as_deref(), unknown.repository_count), (Some("globex"), None));
    world.run_for(Duration::from_secs(1_200)).await;
    assert_eq!(seen(&world, &installation).await.unwrap().repository_count, Some(1));
    world.finish(&[]).await;
}
