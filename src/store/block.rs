//! Blocks of original records, compressed together: neighbouring records are nearly alike, so a block is a fifth of
//! what the same records take alone.
//!
//! Block: codec byte, then the LZ4 block (size first) of: u32 count, count × u32 end offset, the records' bytes.

use lz4_flex::block::{CompressTable, compress_into_with_table, get_maximum_output_size};

use super::error::StoreError;

const LZ4: u8 = 1;
/// A damaged length must not make us reserve the machine's memory.
const LARGEST_BLOCK: usize = 256 * 1024 * 1024;

/// Compresses records, with buffers of its own that one block leaves to the next.
pub struct Encoder {
    plain: Vec<u8>,
    packed: Vec<u8>,
    table: CompressTable,
}

impl Default for Encoder {
    fn default() -> Self {
        // The table for blocks of any size: how one is packed must not depend on those before it.
        Self { plain: Vec::new(), packed: Vec::new(), table: CompressTable::large() }
    }
}

impl Encoder {
    /// Appends one block of these records.
    pub fn encode<'a>(
        &mut self,
        records: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
        block: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        self.plain.clear();
        self.plain.extend_from_slice(&length(records.len()));
        let mut end = 0;
        for record in records.clone() {
            end += record.len();
            self.plain.extend_from_slice(&length(end));
        }
        for record in records {
            self.plain.extend_from_slice(record);
        }
        let room = get_maximum_output_size(self.plain.len());
        if self.packed.len() < room {
            self.packed.resize(room, 0);
        }
        let packed = compress_into_with_table(&self.plain, &mut self.packed, &mut self.table)
            .map_err(|_| StoreError::DamagedRecord("the records cannot be compressed"))?;
        block.push(LZ4);
        block.extend_from_slice(&length(self.plain.len()));
        block.extend_from_slice(self.packed.get(..packed).unwrap_or_default());
        Ok(())
    }
}

fn length(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

/// A block decompressed.
#[derive(Debug, Default)]
pub struct Block {
    plain: Vec<u8>,
    count: usize,
}

impl Block {
    pub fn decode(data: &[u8]) -> Result<Self, StoreError> {
        let Some((&LZ4, packed)) = data.split_first() else {
            return Err(StoreError::DamagedRecord("unknown compression"));
        };
        let size = packed.first_chunk::<4>().map_or(usize::MAX, |bytes| u32::from_le_bytes(*bytes) as usize);
        if size > LARGEST_BLOCK {
            return Err(StoreError::DamagedRecord("impossible size"));
        }
        let plain = lz4_flex::block::decompress_size_prepended(packed)
            .map_err(|_| StoreError::DamagedRecord("the compressed data do not unpack"))?;
        let count = read_length(&plain, 0).ok_or(StoreError::DamagedRecord("no record count"))?;
        Ok(Self { plain, count })
    }

    /// The bytes of one record.
    pub fn record(&self, position: usize) -> Option<&[u8]> {
        if position >= self.count {
            return None;
        }
        let base = 4 + 4 * self.count;
        let start = if position == 0 { 0 } else { read_length(&self.plain, position)? };
        let end = read_length(&self.plain, position + 1)?;
        self.plain.get(base + start..base + end)
    }
}

fn read_length(bytes: &[u8], index: usize) -> Option<usize> {
    bytes.get(index * 4..)?.first_chunk::<4>().map(|chunk| u32::from_le_bytes(*chunk) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(records: &[&[u8]]) -> Vec<u8> {
        let mut block = Vec::new();
        Encoder::default().encode(records.iter().copied(), &mut block).unwrap();
        block
    }

    #[test]
    fn a_block_does_not_depend_on_those_before_it() {
        let small: &[&[u8]] = &[b"<Event>one</Event>", b"<Event>two</Event>"];
        let large = "<Event>0123456789</Event>".repeat(10_000);
        let mut encoder = Encoder::default();
        let mut first = Vec::new();
        encoder.encode([large.as_bytes()].into_iter(), &mut first).unwrap();
        let mut second = Vec::new();
        encoder.encode(small.iter().copied(), &mut second).unwrap();
        assert_eq!(second, encode(small));
        assert_eq!(Block::decode(&first).unwrap().record(0), Some(large.as_bytes()));
    }

    #[test]
    fn records_come_back_as_they_went_in() {
        let records: Vec<&[u8]> = vec![b"<Event/>", b"", b"{\"a\":1}"];
        let block = Block::decode(&encode(&records)).unwrap();
        for (position, record) in records.iter().enumerate() {
            assert_eq!(block.record(position), Some(*record));
        }
        assert_eq!(block.record(3), None);
    }

    #[test]
    fn a_damaged_block_is_an_error() {
        let mut data = encode(&[b"<Event>a long enough record</Event>"]);
        data.truncate(data.len() - 3);
        assert!(Block::decode(&data).is_err());
        assert!(Block::decode(&[]).is_err());
        assert!(Block::decode(&[9, 1, 2, 3]).is_err());
        assert!(Block::decode(&[1, 255, 255, 255, 255]).is_err());
    }
}
