//! What a story does to the server: operators' actions, deaths, and trouble with the disk.

use serde_json::{Map, Value};
use switchboard_engine::accept::Action;
use switchboard_engine::crash::CrashPoint;
use switchboard_store::Acceptance;

use crate::server::Server;
use crate::world::World;

impl World {
    /// An operator's action, for example `world.operate(REVIVE, json!({ "work": letter.id }))`. Nothing follows from it
    /// before the world [settles](World::settle).
    ///
    /// # Panics
    /// If `body` is no object, or the store refuses the action.
    pub async fn operate(&mut self, event: &str, body: Value) -> Acceptance {
        let body: Map<String, Value> = serde_json::from_value(body).expect("an action's body is an object");
        self.operated += 1;
        let action = Action {
            id: format!("action-{}", self.operated),
            event: event.to_owned(),
            actor: "operator".to_owned(),
            body,
            subject: None,
            installation: None,
        };
        self.engine().acceptor().action(action).await.expect("the action is stored")
    }

    /// The server stops. Webhooks reach nobody until it [starts](World::start) again.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// The server starts on the disk that the last one left behind. The leases of a server that died are over.
    ///
    /// # Panics
    /// If something still holds the last one's store.
    pub async fn start(&mut self) {
        self.server = Some(Server::start(&self.plan));
        self.start_schedules().await;
    }

    /// The server dies and starts again: whatever was in memory is gone.
    ///
    /// # Panics
    /// As [`World::start`].
    pub async fn restart(&mut self) {
        self.stop();
        self.start().await;
    }

    pub(crate) async fn start_schedules(&self) {
        if self.schedules {
            self.engine().start().await.expect("the schedules start");
        }
    }

    /// The server will die when it comes to `point` for the `nth` time from now on, counted from 1, and start again at
    /// once. Called again, it is doomed to die again after that, and is counted anew.
    pub fn crash_at(&mut self, point: CrashPoint, nth: u32) {
        self.plan.doom.arm(point, nth);
    }

    /// How often the server has died.
    #[must_use]
    pub fn deaths(&self) -> u32 {
        self.plan.doom.deaths()
    }

    /// From now on nothing can be written to the disk.
    pub fn fill_disk(&mut self) {
        self.plan.gauge.set_full(true);
    }

    /// There is room on the disk again.
    pub fn free_disk(&mut self) {
        self.plan.gauge.set_full(false);
    }

    /// The `nth` read of the store from now on fails, counted from 1.
    pub fn fail_read(&mut self, nth: u32) {
        self.plan.gauge.fail_read(nth);
    }

    /// The next `times` settlements find no room on the disk.
    pub fn fail_settlements(&mut self, times: u32) {
        self.plan.gauge.fail_settlements(times);
    }
}
