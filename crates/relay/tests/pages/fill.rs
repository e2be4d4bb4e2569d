//! Many rows, made of one that a story left.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_relay::records::{Kind, ResultRecord, RowRecord, TargetRecord, keys, views};
use switchboard_store::{
    Claim, DeliveryId, DeliveryKey, Digest, Follows, Key, Lane, NewDelivery, NewJob, Queue, RecordChange, Settlement,
    View,
};
use switchboard_testkit::World;
use uuid::Uuid;

use crate::support::{Town, UP, name};

/// Rows that fit into one settlement with their targets and results, with room to spare.
const BATCH: usize = 4;

impl Town {
    /// Puts so many older rows behind the newest one, each like it, with its targets and results.
    pub async fn fill(&self, range: std::ops::Range<u128>) {
        let model = self.rows(Kind::PullRequest).await.into_iter().max_by_key(|row| row.seq).unwrap();
        let targets: Vec<TargetRecord> = self.of_dispatch(&views::TARGET, &model.delivery_id).await;
        let results: Vec<ResultRecord> = self.of_dispatch(&views::RESULT, &model.delivery_id).await;
        let up = name(UP);
        let mut waiting = Vec::new();
        for n in range {
            let mut changes = Vec::new();
            let mut put =
                |view: View, key: Key, value: &Value| changes.push(RecordChange::Put(view, key, value.clone()));
            let id = format!("filled-{n}");
            let seq = DeliveryId(Uuid::from_u128(model.seq.0.as_u128() - ((n + 1) << 80)));
            let row = RowRecord { delivery_id: id.clone(), seq, ..model.clone() };
            put(views::ROW, keys::row(&up, row.kind, seq), &json!(row));
            put(views::ROW_BAD, keys::row(&up, row.kind, seq), &json!(row));
            for target in &targets {
                put(views::TARGET, keys::target(&id, &target.repo), &json!(target));
                put(views::ROW_REPO, keys::row_of(&target.repo, &up, row.kind, seq), &json!(row));
                for result in &results {
                    let (workflow, job) = (&result.workflow, &result.result);
                    let key = keys::result(&id, &target.repo, workflow, job, &result.run_id, result.attempt);
                    put(views::RESULT, key, &json!(result));
                }
            }
            waiting.push(changes);
            if waiting.len() == BATCH {
                settle(&self.world, waiting.drain(..).flatten().collect()).await;
            }
        }
        settle(&self.world, waiting.into_iter().flatten().collect()).await;
    }

    async fn of_dispatch<T: serde::de::DeserializeOwned>(&self, view: &View, id: &str) -> Vec<T> {
        let records = self.world.records(view).await;
        let own = records.into_iter().filter(|record| record.key.as_str().starts_with(&format!("{id}/")));
        own.map(|record| serde_json::from_value(record.value).unwrap()).collect()
    }
}

/// Writes records through a job of its own.
async fn settle(world: &World, records: Vec<RecordChange>) {
    let store = world.store_handle();
    let queue = Queue::of("fill");
    let key = format!("fill-{}", world.deliveries().await.len());
    let job = NewJob {
        queue: queue.clone(),
        automation: "test",
        kind: "fill".to_owned(),
        lane: Lane::from(key.clone()),
        key: None,
        installation: None,
        payload: json!({}),
        due: None,
        follows: Follows::Inherited,
    };
    let delivery = NewDelivery {
        key: DeliveryKey {
            platform: "api".to_owned(),
            delivery_id: key.clone(),
            event: "fill".to_owned(),
            action: String::new(),
        },
        digest: Digest::of(key.as_bytes()),
        headers: Vec::new(),
        body: "{}".into(),
        installation: None,
        repository: None,
        subject: None,
        jobs: vec![job],
        bindings: Vec::new(),
    };
    store.accept(delivery).await.unwrap();
    let claim = Claim { worker: "test".to_owned(), queues: vec![queue], capacity: 1, lease: Duration::from_secs(60) };
    let leased = store.claim(claim).await.unwrap().pop().expect("the job that was just accepted");
    store.settle(leased.lease, Settlement { records, ..Settlement::done() }).await.unwrap();
}
