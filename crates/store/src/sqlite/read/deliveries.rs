//! Deliveries and their bodies.

use rusqlite::OptionalExtension as _;

use super::super::code::rows;
use super::super::row::{self, select_delivery};
use super::super::{code, id, print};
use super::Reader;
use crate::{Delivery, DeliveryFilter, DeliveryId, Result};

impl Reader<'_> {
    pub(in super::super) fn delivery(self, id: DeliveryId) -> Result<Option<Delivery>> {
        let Some(id) = self.names.delivery_row(id) else { return Ok(None) };
        self.first(select_delivery!("WHERE id = ?1"), [id], |row| row::delivery(row, self.names))
    }

    pub(in super::super) fn delivery_by_key(self, platform: &str, delivery_id: &str) -> Result<Option<Delivery>> {
        let print = print::of_key(platform, delivery_id);
        self.first(
            select_delivery!("WHERE key_print = ?1 AND platform = ?2 AND delivery_id = ?3 ORDER BY id LIMIT 1"),
            (print, platform, delivery_id),
            |row| row::delivery(row, self.names),
        )
    }

    /// The body as stored, with its size as received.
    pub(in super::super) fn body(self, id: DeliveryId) -> Result<Option<(Vec<u8>, usize)>> {
        let Some(id) = self.names.delivery_row(id) else { return Ok(None) };
        let sql = "SELECT body, body_bytes FROM bodies JOIN deliveries USING (id) WHERE bodies.id = ?1";
        Ok(self
            .statement(sql)?
            .query_row([id], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))
            .optional()?
            .map(|(body, size)| (body, usize::try_from(size).unwrap_or(0))))
    }

    pub(in super::super) fn deliveries(
        self,
        filter: &DeliveryFilter,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        let before = before.map_or(i64::MAX, |before| id::position(before.0));
        let limit = rows(limit);
        let read = |row: &rusqlite::Row<'_>| row::delivery(row, self.names);
        match filter {
            DeliveryFilter::All => {
                self.all(select_delivery!("WHERE id < ?1 ORDER BY id DESC LIMIT ?2"), (before, limit), read)
            }
            DeliveryFilter::Event(event) => self.all(
                select_delivery!("WHERE event = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2"),
                (before, limit, event),
                read,
            ),
            DeliveryFilter::Repository(repository) => self.all(
                select_delivery!("WHERE repository = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2"),
                (before, limit, repository),
                read,
            ),
            DeliveryFilter::Installation(installation) => self.all(
                select_delivery!("WHERE installation = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2"),
                (before, limit, installation.0.cast_signed()),
                read,
            ),
            DeliveryFilter::State(state) => self.all(
                select_delivery!("WHERE state = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2"),
                (before, limit, code::delivery_state_code(*state)),
                read,
            ),
            DeliveryFilter::Subject(subject) => self.all(
                select_delivery!("WHERE subject = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2"),
                (before, limit, subject.as_str()),
                read,
            ),
        }
    }
}
