//! Blocks of original records, compressed together: neighbouring records are nearly alike, so a block is a fifth of
//! what the same records take alone.
//!
//! Block: codec byte, then the LZ4 block (size first) of: u32 count, count × u32 end offset, the records' bytes.

use super::error::StoreError;

const LZ4: u8 = 1;
/// A damaged length must not make us reserve the machine's memory.
const LARGEST_BLOCK: usize = 256 * 1024 * 1024;

/// Compresses records into one block.
pub fn encode<'a>(records: impl ExactSizeIterator<Item = &'a [u8]> + Clone) -> Vec<u8> {
    let size: usize = records.clone().map(<[u8]>::len).sum();
    let mut plain = Vec::with_capacity(size + 4 + 4 * records.len());
    plain.extend_from_slice(&length(records.len()));
    let mut end = 0;
    for record in records.clone() {
        end += record.len();
        plain.extend_from_slice(&length(end));
    }
    for record in records {
        plain.extend_from_slice(record);
    }
    let mut block = vec![LZ4];
    block.extend_from_slice(&lz4_flex::block::compress_prepend_size(&plain));
    block
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

    #[test]
    fn records_come_back_as_they_went_in() {
        let records: Vec<&[u8]> = vec![b"<Event/>", b"", b"{\"a\":1}"];
        let block = Block::decode(&encode(records.iter().copied())).unwrap();
        for (position, record) in records.iter().enumerate() {
            assert_eq!(block.record(position), Some(*record));
        }
        assert_eq!(block.record(3), None);
    }

    #[test]
    fn a_damaged_block_is_an_error() {
        let mut data = encode([b"<Event>a long enough record</Event>".as_slice()].into_iter());
        data.truncate(data.len() - 3);
        assert!(Block::decode(&data).is_err());
        assert!(Block::decode(&[]).is_err());
        assert!(Block::decode(&[9, 1, 2, 3]).is_err());
        assert!(Block::decode(&[1, 255, 255, 255, 255]).is_err());
    }
}
