use serde_json::json;
use switchboard_simulator::Entry;

use crate::support::{Answered, World, header, json_of, refused, request};

async fn read(world: &World, token: &str, path: &str, etag: Option<&str>) -> Answered {
    let mut request = request("GET", path, token, None);
    request.headers_mut().insert("accept", "application/vnd.github.raw+json".parse().unwrap());
    if let Some(etag) = etag {
        request.headers_mut().insert("if-none-match", etag.parse().unwrap());
    }
    world.try_send(request).await.unwrap()
}

#[tokio::test]
async fn a_file_comes_raw_or_as_json() {
    let world = World::new();
    let token = world.token().await;
    world.source.file("dispatching.yml", "outbound: []\n");
    let raw = read(&world, &token, "/repos/acme/source/contents/dispatching.yml", None).await;
    assert_eq!(raw.body(), "outbound: []\n");
    assert!(header(&raw, "content-type").starts_with("application/vnd.github.raw+json"));
    let value = json_of(&world.get("/repos/acme/source/contents/dispatching.yml", &token).await);
    assert_eq!((value["type"].as_str(), value["encoding"].as_str()), (Some("file"), Some("base64")));
    assert_eq!(value["content"], "b3V0Ym91bmQ6IFtdCg==\n");
    refused(&read(&world, &token, "/repos/acme/source/contents/.github/dispatching.yml", None).await, 404, "Not Found");
}

#[tokio::test]
async fn an_unchanged_file_is_304_and_free() {
    let world = World::new();
    let token = world.token().await;
    let path = "/repos/acme/source/contents/dispatching.yml";
    world.source.file("dispatching.yml", "outbound: []\n");
    let first = read(&world, &token, path, None).await;
    let etag = header(&first, "etag").to_owned();
    let spent = header(&first, "x-ratelimit-used").to_owned();
    let again = read(&world, &world.token().await, path, Some(&etag)).await;
    assert_eq!((again.status().as_u16(), again.body().len()), (304, 0));
    assert_eq!(header(&again, "x-ratelimit-used"), spent);
    assert!(!world.github.calls().last().unwrap().counted);
    world.source.file("dispatching.yml", "inbound: []\n");
    assert_eq!(read(&world, &token, path, Some(&etag)).await.body(), "inbound: []\n");
}

#[tokio::test]
async fn etags_may_be_made_to_vary_by_token() {
    let world = World::new();
    world.github.configure(|settings| settings.etags_vary_by_token = true);
    let path = "/repos/acme/source/contents/README.md";
    let (one, two) = (world.token().await, world.token().await);
    let etag = header(&read(&world, &one, path, None).await, "etag").to_owned();
    assert_eq!(read(&world, &one, path, Some(&etag)).await.status(), 304);
    assert_eq!(read(&world, &two, path, Some(&etag)).await.status(), 200);
}

#[tokio::test]
async fn what_is_no_file_comes_as_json_even_when_asked_for_raw() {
    let world = World::new();
    let token = world.token().await;
    let base = "/repos/acme/source/contents";
    let submodule = Entry::Submodule { url: "https://github.com/acme/lib".to_owned(), commit: "1".repeat(40) };
    world.source.special("lib", submodule).special("dangling", Entry::Symlink("nowhere".to_owned()));
    world.source.special("docs/link.md", Entry::Symlink("../README.md".to_owned()));
    let directory = read(&world, &token, &format!("{base}/.github"), None).await;
    assert!(header(&directory, "content-type").starts_with("application/json"));
    assert_eq!(json_of(&directory)[0]["path"], ".github/workflows");
    assert_eq!(json_of(&read(&world, &token, &format!("{base}/lib"), None).await)["type"], "submodule");
    assert_eq!(json_of(&read(&world, &token, &format!("{base}/dangling"), None).await)["type"], "symlink");
    assert_eq!(read(&world, &token, &format!("{base}/docs/link.md"), None).await.body(), "# Simulated\n");
}

#[tokio::test]
async fn other_branches_and_escaped_paths_are_found() {
    let world = World::new();
    let token = world.token().await;
    world.source.file_on("next", "a b/ü.txt", "x");
    let path = "/repos/acme/source/contents/a%20b/%C3%BC.txt";
    assert_eq!(read(&world, &token, &format!("{path}?ref=next"), None).await.body(), "x");
    refused(&read(&world, &token, path, None).await, 404, "Not Found");
    refused(&read(&world, &token, &format!("{path}?ref=gone"), None).await, 404, "No commit found for the ref gone");
}

#[tokio::test]
async fn a_large_file_has_no_content_in_json() {
    let world = World::new();
    let token = world.token().await;
    world.source.file("big", vec![b'x'; 1024 * 1024 + 1]);
    let value = json_of(&world.get("/repos/acme/source/contents/big", &token).await);
    assert_eq!((&value["encoding"], &value["content"]), (&json!("none"), &json!("")));
    assert_eq!(read(&world, &token, "/repos/acme/source/contents/big", None).await.body().len(), 1024 * 1024 + 1);
}
