//! Takes event files out of gzip, zstd and zip, one level of them inside another.
//!
//! What is taken out lies in a temporary file without a name, so that no name in an archive can lead anywhere; sizes,
//! ratios and counts are limited, because compressed data may claim to be anything.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

/// How far an archive may go.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one file taken out.
    pub bytes: u64,
    /// Bytes taken out per byte of the packed file…
    pub ratio: u64,
    /// …which matters from here on: a small file may be packed as tightly as it likes.
    pub ratio_from: u64,
    /// The same for all that lies in one archive together, with what is packed inside it.
    pub total_from: u64,
    /// Files in one archive.
    pub members: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 30, ratio: 200, ratio_from: 256 << 20, total_from: 1 << 30, members: 10_000 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    Gzip,
    Zstd,
    Zip,
}

impl Packing {
    /// By the first bytes.
    pub fn of(head: &[u8]) -> Option<Self> {
        [(&b"\x1f\x8b"[..], Self::Gzip), (b"\x28\xb5\x2f\xfd", Self::Zstd), (b"PK\x03\x04", Self::Zip)]
            .into_iter()
            .find(|(magic, _)| head.starts_with(magic))
            .map(|(_, packing)| packing)
    }
}

/// What was taken out of one file on the disk, at every depth.
pub struct Spent {
    listed: u64,
    unpacked: Cell<u64>,
}

impl Spent {
    /// For a file of this many bytes.
    pub fn of(listed: u64) -> Self {
        Self { listed, unpacked: Cell::new(0) }
    }

    fn add(&self, bytes: u64, limits: &Limits) -> Result<(), String> {
        let all = self.unpacked.get().saturating_add(bytes);
        self.unpacked.set(all);
        if all > limits.total_from && all / self.listed.max(1) > limits.ratio {
            return Err(format!(
                "all that is in it is more than {} times as large: taken for a bomb, the rest is not read",
                limits.ratio
            ));
        }
        Ok(())
    }
}

/// A file that was taken out, and what its path gains: nothing for a single stream, `!/NAME` for an archive's member.
pub struct Member {
    pub suffix: String,
    /// Bytes of the packed file that it took up.
    pub packed: u64,
    pub file: Result<Spooled, String>,
}

/// What a stream held, and why no more of it could be had: half of a file is better than none of it.
pub struct Spooled {
    pub file: File,
    pub broken: Option<String>,
}

/// Takes out what is packed, and hands each file to `give` until that says no.
pub fn unpack(
    packed: &File,
    packing: Packing,
    limits: &Limits,
    spent: &Spent,
    give: &mut dyn FnMut(Member) -> bool,
) -> Result<(), String> {
    let words = |error: io::Error| error.to_string();
    let mut packed = packed.try_clone().map_err(words)?;
    packed.seek(SeekFrom::Start(0)).map_err(words)?;
    let size = packed.metadata().map_err(words)?.len();
    let reader = BufReader::new(packed);
    match packing {
        Packing::Gzip => {
            let file = spool(flate2::bufread::MultiGzDecoder::new(reader), size, limits, spent);
            give(Member { suffix: String::new(), packed: size, file });
        }
        Packing::Zstd => {
            let file = spool(ZstdFrames { reader: Some(reader), frame: None }, size, limits, spent);
            give(Member { suffix: String::new(), packed: size, file });
        }
        Packing::Zip => {
            let mut archive = zip::ZipArchive::new(reader).map_err(|error| format!("zip archive: {error}"))?;
            if archive.len() > limits.members {
                return Err(format!(
                    "zip archive of {} files; more than {} are not read: unpack it first",
                    archive.len(),
                    limits.members
                ));
            }
            for index in 0..archive.len() {
                let named = archive.name_for_index(index).and_then(Result::ok).map(std::borrow::Cow::into_owned);
                let suffix = format!("!/{}", named.unwrap_or_else(|| index.to_string()));
                let member = match archive.by_index(index) {
                    Ok(member) if member.is_dir() => continue,
                    Ok(member) => {
                        let packed = member.compressed_size();
                        Member { suffix, packed, file: spool(member, packed, limits, spent) }
                    }
                    Err(error) => Member { suffix, packed: 0, file: Err(error.to_string()) },
                };
                if !give(member) {
                    break;
                }
                spent.add(0, limits)?;
            }
        }
    }
    Ok(())
}

/// Copies a stream into a temporary file without a name.
pub fn spool(mut stream: impl Read, packed: u64, limits: &Limits, spent: &Spent) -> Result<Spooled, String> {
    let words = |error: io::Error| format!("it cannot be unpacked: {error}");
    let folder = std::env::temp_dir();
    let no_room = |error: io::Error| format!("it cannot be unpacked in {} (TMPDIR): {error}", folder.display());
    let mut file = tempfile::tempfile_in(&folder).map_err(no_room)?;
    let mut buffer = vec![0; 256 * 1024];
    let mut written = 0u64;
    let mut broken = None;
    loop {
        let read = match stream.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if written == 0 => return Err(words(error)),
            Err(error) => {
                broken = Some(format!("it cannot be unpacked to its end: {error}"));
                break;
            }
        };
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        written += read as u64;
        spent.add(read as u64, limits)?;
        if written > limits.bytes {
            return Err(format!("unpacked it is larger than {} bytes, the most that is read", limits.bytes));
        }
        if written > limits.ratio_from && written / packed.max(1) > limits.ratio {
            return Err(format!("unpacked it is more than {} times as large: taken for a bomb", limits.ratio));
        }
        file.write_all(bytes).map_err(no_room)?;
    }
    file.seek(SeekFrom::Start(0)).map_err(words)?;
    Ok(Spooled { file, broken })
}

/// The frames of a zstd file one after another, as the tools that make them in parallel write.
struct ZstdFrames {
    reader: Option<BufReader<File>>,
    frame: Option<Box<ruzstd::decoding::StreamingDecoder<BufReader<File>, ruzstd::decoding::FrameDecoder>>>,
}

impl Read for ZstdFrames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(buffer)?;
                if read > 0 {
                    return Ok(read);
                }
                self.reader = self.frame.take().map(|frame| frame.into_inner());
            }
            let Some(mut reader) = self.reader.take() else { return Ok(0) };
            if io::BufRead::fill_buf(&mut reader)?.is_empty() {
                return Ok(0);
            }
            let frame = ruzstd::decoding::StreamingDecoder::new(reader).map_err(io::Error::other)?;
            self.frame = Some(Box::new(frame));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn first(bytes: &[u8], packing: Packing, limits: &Limits) -> Result<Vec<u8>, String> {
        let mut found = Err("nothing".to_owned());
        unpack(&file(bytes), packing, limits, &Spent::of(bytes.len() as u64), &mut |member| {
            found = member.file.map(|mut spooled| {
                let mut plain = Vec::new();
                spooled.file.read_to_end(&mut plain).unwrap();
                plain.extend(spooled.broken.unwrap_or_default().bytes());
                plain
            });
            false
        })?;
        found
    }

    #[test]
    fn streams_come_out_whole() {
        let limits = Limits::default();
        let two = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(first(&two, Packing::Gzip, &limits).unwrap(), b"one two");
        let frame =
            |plain: &[u8]| ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest);
        let two = [frame(b"one "), frame(b"two")].concat();
        assert_eq!(first(&two, Packing::Zstd, &limits).unwrap(), b"one two");
        let cut = String::from_utf8(first(&two[..two.len() - 2], Packing::Zstd, &limits).unwrap()).unwrap();
        assert!(cut.starts_with("one it cannot be unpacked to its end"), "{cut}");
        assert!(first(&two[..2], Packing::Zstd, &limits).is_err());
    }

    #[test]
    fn bombs_meet_a_limit() {
        let bomb = gzip(&vec![0; 4 << 20]);
        let limits = Limits { ratio_from: 1 << 20, ..Limits::default() };
        assert!(first(&bomb, Packing::Gzip, &limits).unwrap_err().contains("bomb"));
        let limits = Limits { bytes: 1 << 20, ..Limits::default() };
        assert!(first(&bomb, Packing::Gzip, &limits).unwrap_err().contains("larger than"));
    }
}
