//! How much was asked of GitHub: the counts of the contract's section 13.

use switchboard_simulator::{Call, Effect};
use switchboard_testkit::World;

use super::requests;

/// Everything that was read from GitHub, answered or not.
pub fn reads(world: &World) -> Vec<Call> {
    of_effect(world, Effect::Read)
}

/// Every token that was asked for.
pub fn tokens(world: &World) -> Vec<Call> {
    of_effect(world, Effect::Token)
}

/// The repositories that were read themselves, by their full names, in the order in which they were read.
pub fn repositories_read(world: &World) -> Vec<String> {
    let names = requests(world, "GET", "/repos/*/*").into_iter();
    names.map(|call| call.path.trim_start_matches("/repos/").to_owned()).collect()
}

/// The files that were read in a repository, in the order in which they were asked for.
pub fn files_read(world: &World, repository: &str) -> Vec<String> {
    let folder = format!("/repos/{repository}/contents/");
    let read = requests(world, "GET", &format!("{folder}**")).into_iter();
    read.map(|call| call.path[folder.len()..].to_owned()).collect()
}

/// GitHub was asked for nothing at all, not even for a token.
pub fn nothing_was_asked(world: &World) {
    let calls = world.github.calls();
    assert!(calls.is_empty(), "{calls:?}");
}

fn of_effect(world: &World, effect: Effect) -> Vec<Call> {
    world.github.calls().into_iter().filter(|call| call.effect == effect).collect()
}
