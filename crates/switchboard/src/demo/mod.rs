//! `switchboard demo`: a simulated GitHub and the server, and a story of several repositories.
//!
//! [`stage`] sets both up in one process, [`town`] fills the GitHub with repositories, [`acts`] plays and tells the
//! story, [`door`] lets people sign in where that is asked for, [`watch`] reads what the server recorded of it, and [`verdicts`] says whether all went as promised. Time runs
//! faster than life: see [`clock`].

mod acts;
mod clock;
mod door;
mod narrator;
mod stage;
mod town;
mod upstream;
mod verdicts;
mod watch;

use tokio_util::sync::CancellationToken;

use acts::Play;
use narrator::{Narrator, Tone};
use stage::Stage;

use crate::cli::Failure;

/// Plays the story. Returns whether everything was as expected, after the story if `exit`, else once `shutdown` is
/// cancelled.
///
/// # Errors
/// [`Failure`], if it could not be set up.
pub async fn play(port: u16, sign_in: bool, exit: bool, shutdown: CancellationToken) -> Result<bool, Failure> {
    let stage = Stage::set(port, sign_in, shutdown.clone()).await?;
    let narrator = Narrator::new(format!("http://{}", stage.address));
    introduce(&narrator, &stage, port);
    let mut play = Play::new(&stage, &narrator);
    tokio::select! {
        () = play.perform() => {}
        // An interrupted story has kept no promise.
        () = shutdown.cancelled() => play.verdicts.note("the story was played to its end", false, "it was interrupted"),
    }
    play.verdicts.tell(&narrator);
    let held = play.verdicts.all_held();
    if !exit && !shutdown.is_cancelled() {
        invite(&narrator, play.first_page.as_deref());
        shutdown.cancelled().await;
    }
    stage.strike().await?;
    Ok(held)
}

fn introduce(narrator: &Narrator, stage: &Stage, port: u16) {
    narrator.line(&narrator.toned(Tone::Strong, "Switchboard, with a simulated GitHub. Nothing leaves this machine."));
    if port != 0 && stage.address.port() != port {
        narrator.say(&format!("Port {port} is taken, so a free one was chosen."));
    }
    narrator.say(&format!("Pages: {}", narrator.address("/")));
    narrator.say(&format!("Time runs {} times as fast as life until the story is told.", clock::PACE));
}

fn invite(narrator: &Narrator, first_page: Option<&str>) {
    narrator.heading("It stays up for exploring; Ctrl-C ends it.");
    if let Some(path) = first_page {
        narrator.say(&format!("Look at this journey first: {}", narrator.address(path)));
    }
    narrator.say(&format!("then at the relay's HUD:    {}", narrator.address("/relay")));
    narrator.say(&format!("and at the overview:        {}", narrator.address("/")));
}
