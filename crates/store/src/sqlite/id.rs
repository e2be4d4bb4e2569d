//! Row ids and the UUIDs that stand for them.
//!
//! A row id is a moment and a number: 48 bits of milliseconds and 15 bits that count within the millisecond. Its UUIDv7
//! carries the same 63 bits at its front and, behind them, 59 bits that follow from the id and the database's own seed.
//! So the UUIDs of a database are its row ids in another spelling: they sort alike, and no table needs a second index to
//! find a row by its UUID; and since the seed is the database's own, another database's UUID is not found.

use switchboard_clock::Timestamp;
use uuid::Uuid;

use crate::{DeliveryId, FactId, WorkId};

/// Bits of a row id that count within one millisecond.
const SEQUENCE_BITS: u32 = 15;
/// The moment from which row ids would not fit: far beyond year 9999.
const MILLIS_END: i64 = 1 << 48;
/// Bits of a UUIDv7 behind the row id.
const TAIL_BITS: u32 = 59;
/// UUID version 7 and the variant of RFC 9562, at their places.
const VERSION: u128 = 7 << 76;
const VARIANT: u128 = 0b10 << 62;

/// The first row id of a moment.
pub(super) fn first_at(moment: Timestamp) -> i64 {
    moment.millis().clamp(0, MILLIS_END - 1) << SEQUENCE_BITS
}

/// The moment in a row id.
pub(super) fn moment(id: i64) -> Timestamp {
    Timestamp::from_millis(id >> SEQUENCE_BITS)
}

/// Gives out row ids, each larger than any before.
#[derive(Debug)]
pub(super) struct Ids {
    last: i64,
}

impl Ids {
    /// Continues after `last`.
    pub(super) fn after(last: i64) -> Self {
        Self { last }
    }

    pub(super) fn next(&mut self, now: Timestamp) -> i64 {
        self.last = (self.last + 1).max(first_at(now));
        self.last
    }
}

/// The kinds of rows that have a UUID.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Delivery = 1,
    Work = 2,
    Fact = 3,
}

/// Spells row ids as UUIDs and back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    seed: u64,
}

impl Names {
    pub(super) fn new(seed: i64) -> Self {
        Self { seed: seed.cast_unsigned() }
    }

    pub(super) fn delivery(self, id: i64) -> DeliveryId {
        DeliveryId(self.uuid(Kind::Delivery, id))
    }

    pub(super) fn work(self, id: i64) -> WorkId {
        WorkId(self.uuid(Kind::Work, id))
    }

    pub(super) fn fact(self, id: i64) -> FactId {
        FactId(self.uuid(Kind::Fact, id))
    }

    pub(super) fn delivery_row(self, id: DeliveryId) -> Option<i64> {
        self.row(Kind::Delivery, id.0)
    }

    pub(super) fn work_row(self, id: WorkId) -> Option<i64> {
        self.row(Kind::Work, id.0)
    }

    fn row(self, kind: Kind, uuid: Uuid) -> Option<i64> {
        let id = position(uuid);
        (self.uuid(kind, id) == uuid).then_some(id)
    }

    fn uuid(self, kind: Kind, id: i64) -> Uuid {
        let id_bits = id.cast_unsigned();
        let front = u128::from(id_bits >> SEQUENCE_BITS) << 80;
        let middle = u128::from((id_bits >> 3) & 0xfff) << 64;
        let low = u128::from(id_bits & 0b111) << TAIL_BITS;
        let tail =
            scatter(self.seed ^ scatter(id_bits ^ ((kind as u64) << 63 | (kind as u64) << 61))) >> (64 - TAIL_BITS);
        Uuid::from_u128(front | VERSION | middle | VARIANT | low | u128::from(tail))
    }
}

/// Where a UUIDv7 stands among the row ids, whoever made it.
pub(super) fn position(uuid: Uuid) -> i64 {
    let bits = uuid.as_u128();
    let millis = (bits >> 80) as u64;
    let middle = ((bits >> 64) & 0xfff) as u64;
    let low = ((bits >> TAIL_BITS) & 0b111) as u64;
    (millis << SEQUENCE_BITS | middle << 3 | low).cast_signed()
}

/// The finalizer of SplitMix64: every bit of the input reaches every bit of the result.
fn scatter(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_uuid_names_its_row_and_no_other(id in 0..i64::MAX, other in 0..i64::MAX, seed: i64) {
            let names = Names::new(seed);
            let uuid = names.delivery(id);
            prop_assert_eq!(uuid.0.get_version_num(), 7);
            prop_assert_eq!(uuid.0.get_variant(), uuid::Variant::RFC4122);
            prop_assert_eq!(names.delivery_row(uuid), Some(id));
            prop_assert_eq!(position(uuid.0), id);
            prop_assert_eq!(names.work_row(WorkId(uuid.0)), None);
            prop_assert_eq!(Names::new(seed ^ 1).delivery_row(uuid), None);
            prop_assert_eq!(uuid.cmp(&names.delivery(other)), id.cmp(&other));
        }
    }

    #[test]
    fn ids_grow_even_when_the_clock_does_not() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let mut ids = Ids::after(0);
        let first = ids.next(now);
        assert_eq!(moment(first), now);
        assert!(ids.next(Timestamp::EPOCH) > first);
        assert!((0..100_000).map(|_| ids.next(now)).is_sorted());
    }
}
