//! Reports that the simulated GitHub's scripted runs send.

use axum::body::Body;
use http::Request;
use switchboard_simulator::{CallbackId, DeliveryOutcome, OutgoingCallback};

use crate::drive::drive;
use crate::webhook::{Answered, answered};
use crate::world::World;

/// What became of a report that a scripted run sent.
#[derive(Debug, Clone)]
pub struct Reported {
    /// Which it is among the simulator's.
    pub id: CallbackId,
    /// What the run was told of it.
    pub outcome: DeliveryOutcome,
    /// The server's answer, if it lived to give one.
    pub answer: Option<Answered>,
}

impl World {
    /// What became of the reports that scripted runs sent so far.
    #[must_use]
    pub fn reported(&self) -> &[Reported] {
        &self.reported
    }

    /// Lets every report arrive that is due, and says how many there were.
    pub(crate) async fn deliver_callbacks(&mut self) -> usize {
        let due = self.github.take_due_callbacks();
        let count = due.len();
        for callback in due {
            let id = callback.id;
            let answer = match &self.server {
                // The server may have to fetch the issuer's keys first, which may take time.
                Some(server) => {
                    let asked = answered(&server.router, request(callback));
                    Some(drive(&self.clock, &self.plan.gauge, asked).await)
                }
                None => None,
            };
            let answer = answer.filter(|_| !self.plan.doom.is_dead());
            let outcome = answer.as_ref().map_or(DeliveryOutcome::Unreachable, |a| DeliveryOutcome::Answered(a.status));
            self.github.report_callback(id, outcome.clone());
            self.reported.push(Reported { id, outcome, answer });
            if self.plan.doom.is_dead() {
                self.restart().await;
            }
        }
        count
    }
}

/// The request at the server's own door, whatever host the report names.
fn request(callback: OutgoingCallback) -> Request<Body> {
    let url: http::Uri = callback.url.parse().expect("a report goes to a URL");
    let path = url.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let mut request = Request::post(path);
    for (name, value) in callback.headers {
        request = request.header(name.to_lowercase(), value);
    }
    request.body(Body::from(callback.body)).expect("a report is a request")
}
