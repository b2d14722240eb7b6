//! The places of the answers in a journal, in memory.

use std::collections::HashMap;

use crate::store::key::RequestKey;

/// The offset of a row without an answer.
const NO_OFFSET: u64 = (1 << 40) - 1;

/// The answers of a journal. An entry takes 24 bytes, at most 58 with the room that the table keeps.
#[derive(Debug, Default)]
pub(super) struct JournalIndex {
    slots: HashMap<RequestKey, IndexSlot>,
    /// Places of rows whose command failed. Another try takes them first.
    free: HashMap<RequestKey, Vec<u32>>,
}

/// The offset of an answer in the file, 40 bits, and the number of equal rows that were begun, 24 bits.
#[derive(Clone, Copy, Debug)]
struct IndexSlot(u64);

impl IndexSlot {
    const EMPTY: Self = Self(NO_OFFSET);

    fn offset(self) -> Option<u64> {
        let offset = self.0 & NO_OFFSET;
        (offset != NO_OFFSET).then_some(offset)
    }

    fn with_offset(self, offset: u64) -> Self {
        Self(self.0 & !NO_OFFSET | offset.min(NO_OFFSET))
    }

    fn begun(self) -> u32 {
        // NOTE: 24 bits are left.
        u32::try_from(self.0 >> 40).unwrap_or_default()
    }

    fn with_begun(self, begun: u32) -> Self {
        Self(self.0 & NO_OFFSET | u64::from(begun) << 40)
    }
}

impl JournalIndex {
    /// Notes the answer of a key at an offset. A later one of the same key takes its place.
    pub(super) fn insert(&mut self, key: RequestKey, offset: u64) {
        let slot = self.slots.entry(key).or_insert(IndexSlot::EMPTY);
        *slot = slot.with_offset(offset);
    }

    pub(super) fn offset(&self, key: RequestKey) -> Option<u64> {
        self.slots.get(&key).and_then(|slot| slot.offset())
    }

    /// Begins a row, and returns the number of equal rows before it.
    pub(super) fn begin(&mut self, request: RequestKey) -> u32 {
        if let Some(free) = self.free.get_mut(&request) {
            if let Some(occurrence) = free.pop() {
                return occurrence;
            }
            self.free.remove(&request);
        }
        let slot = self.slots.entry(request).or_insert(IndexSlot::EMPTY);
        let occurrence = slot.begun();
        *slot = slot.with_begun(occurrence + 1);
        occurrence
    }

    /// Gives the place of a row back.
    pub(super) fn give_back(&mut self, request: RequestKey, occurrence: u32) {
        self.free.entry(request).or_default().push(occurrence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ModelIdentity;

    fn key(number: u32) -> RequestKey {
        let identity = ModelIdentity {
            server: "",
            model: "m",
            revision: "",
        };
        RequestKey::new("native", format!("{{\"n\":{number}}}").as_bytes(), identity)
    }

    #[test]
    fn equal_rows_have_places_of_their_own() {
        let mut index = JournalIndex::default();
        assert_eq!(
            (
                index.begin(key(1)),
                index.begin(key(1)),
                index.begin(key(2))
            ),
            (0, 1, 0)
        );
        index.insert(key(1), 70);
        index.insert(key(1).nth(1), 90);
        assert_eq!(index.offset(key(1)), Some(70));
        assert_eq!(index.offset(key(1).nth(1)), Some(90));
        assert_eq!(index.offset(key(2)), None);
        // The place of a row that failed is taken by its next try.
        index.give_back(key(1), 0);
        assert_eq!((index.begin(key(1)), index.begin(key(1))), (0, 2));
    }

    #[test]
    fn a_slot_holds_both_numbers() {
        let slot = IndexSlot::EMPTY.with_begun(7).with_offset(5).with_begun(8);
        assert_eq!((slot.offset(), slot.begun()), (Some(5), 8));
        assert_eq!(size_of::<(RequestKey, IndexSlot)>(), 24);
    }
}
