//! Opens the found files, in their order: takes them out of their packing, hashes them, sees what they are.
//!
//! Runs on a thread of its own, a file or two ahead of the reading one: hashing costs about as much as parsing.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crossbeam_channel::Sender;
use sha2::Digest;

use super::detect::{self, Container};
use super::unpack::{self, Limits, Member, Packing};
use super::walk::Found;

/// A file that is ready to be read, or why it is not.
pub enum Opened {
    Ready(Ready),
    LeftOut { path: PathBuf, bytes: u64, reason: String },
}

pub struct Ready {
    pub path: PathBuf,
    pub bytes: u64,
    pub sha256: String,
    pub container: Container,
    pub file: File,
}

/// Opens every file in turn, until nobody listens.
pub fn open_all(found: Vec<Found>, sender: &Sender<Opened>) {
    for found in found {
        let listened = match found {
            Found::Problem { path, reason } => sender.send(Opened::LeftOut { path, bytes: 0, reason }).is_ok(),
            Found::File { path, bytes } => open_path(path, bytes, &mut |opened| sender.send(opened).is_ok()),
            Found::StandardInput => match unpack::spool(std::io::stdin().lock(), u64::MAX, &Limits::default()) {
                Ok(file) => {
                    open_file(Path::new("-"), file, 0, &Limits::default(), &mut |opened| sender.send(opened).is_ok())
                }
                Err(reason) => sender.send(Opened::LeftOut { path: PathBuf::from("-"), bytes: 0, reason }).is_ok(),
            },
        };
        if !listened {
            break;
        }
    }
}

/// Opens one file with all that is packed in it. False when nobody listens any more.
pub fn open_path(path: PathBuf, bytes: u64, give: &mut dyn FnMut(Opened) -> bool) -> bool {
    match File::open(&path) {
        Ok(file) => open_file(&path, file, 0, &Limits::default(), give),
        Err(error) => give(Opened::LeftOut { path, bytes, reason: error.to_string() }),
    }
}

fn open_file(path: &Path, mut file: File, depth: usize, limits: &Limits, give: &mut dyn FnMut(Opened) -> bool) -> bool {
    let left_out = |bytes: u64, reason: String| Opened::LeftOut { path: path.to_owned(), bytes, reason };
    let mut head = vec![0; 4];
    let packing = match fill(&mut file, &mut head) {
        Ok(read) => {
            head.truncate(read);
            Packing::of(&head)
        }
        Err(error) => return give(left_out(0, error.to_string())),
    };
    if let Some(packing) = packing {
        let bytes = file.metadata().map_or(0, |metadata| metadata.len());
        if depth >= 2 {
            return give(left_out(bytes, "packed more than twice: unpack it first".to_owned()));
        }
        let (mut listened, mut members) = (true, 0);
        let unpacked = unpack::unpack(&file, packing, limits, &mut |Member { suffix, file }| {
            members += 1;
            let mut name = path.as_os_str().to_owned();
            name.push(&suffix);
            let name = PathBuf::from(name);
            listened = match file {
                Ok(file) => open_file(&name, file, depth + 1, limits, give),
                Err(reason) => give(Opened::LeftOut { path: name, bytes, reason }),
            };
            listened
        });
        return match unpacked {
            Err(reason) => give(left_out(bytes, reason)),
            Ok(()) if members == 0 => give(left_out(bytes, "an archive without files".to_owned())),
            Ok(()) => listened,
        };
    }
    give(match hash(&mut file) {
        Err(error) => left_out(0, error.to_string()),
        Ok((bytes, head, sha256)) => match detect::detect(&head) {
            Ok(container) => Opened::Ready(Ready { path: path.to_owned(), bytes, sha256, container, file }),
            Err(reason) => left_out(bytes, reason.to_owned()),
        },
    })
}

fn fill(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    file.seek(SeekFrom::Start(0))?;
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Reads a file once for its size, its head and its hash, and stands at its beginning again.
fn hash(file: &mut File) -> std::io::Result<(u64, Vec<u8>, String)> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        bytes += read as u64;
        let wanted = detect::HEAD.saturating_sub(head.len()).min(piece.len());
        head.extend_from_slice(piece.get(..wanted).unwrap_or_default());
        hasher.update(piece);
    }
    file.seek(SeekFrom::Start(0))?;
    let sha256 = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, head, sha256))
}
