//! Opens the found files, in their order: takes them out of their packing, hashes them, sees what they are.
//!
//! Runs on a thread of its own, a file or two ahead of the reading one: hashing costs about as much as parsing.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crossbeam_channel::Sender;
use sha2::Digest;

use super::detect::{self, Container};
use super::spares::{Lent, Spares};
use super::unpack::{self, Limits, Member, Packing, Spent, Spooled};
use super::walk::Found;

/// A file that is ready to be read, or why it is not.
pub enum Opened {
    Ready(Ready),
    LeftOut { path: PathBuf, bytes: u64, share: u64, reason: String },
}

pub struct Ready {
    pub path: PathBuf,
    pub bytes: u64,
    /// Bytes of the listed file that it stands for: what is packed in an archive takes up less than it has.
    pub share: u64,
    pub sha256: String,
    pub container: Container,
    pub file: File,
    /// All its bytes, where they are few: they need not be read again.
    pub held: Option<Lent>,
    /// Why it is not all that was packed.
    pub broken: Option<String>,
}

/// The same file, read from its start again.
pub fn from_start(file: &File) -> Result<File, String> {
    let mut again = file.try_clone().map_err(|error| error.to_string())?;
    again.seek(SeekFrom::Start(0)).map_err(|error| error.to_string())?;
    Ok(again)
}

/// Files up to this size are held from hashing to reading.
const HELD: usize = 4 << 20;

/// Opens every file in turn, until nobody listens.
pub fn open_all(found: Vec<Found>, spares: &Spares<Vec<u8>>, sender: &Sender<Opened>) {
    for found in found {
        let listened = match found {
            Found::Problem { path, reason } => {
                sender.send(Opened::LeftOut { path, bytes: 0, share: 0, reason }).is_ok()
            }
            Found::File { path, bytes } => open_path(path, bytes, spares, &mut |opened| sender.send(opened).is_ok()),
            Found::StandardInput => {
                let limits = Limits::default();
                match unpack::spool(std::io::stdin().lock(), u64::MAX, &limits, &Spent::of(u64::MAX)) {
                    Ok(spooled) => {
                        open_listed(Path::new("-"), spooled, spares, &mut |opened| sender.send(opened).is_ok())
                    }
                    Err(reason) => {
                        let path = PathBuf::from("-");
                        sender.send(Opened::LeftOut { path, bytes: 0, share: 0, reason }).is_ok()
                    }
                }
            }
        };
        if !listened {
            break;
        }
    }
}

/// Opens one file with all that is packed in it. False when nobody listens any more.
pub fn open_path(path: PathBuf, bytes: u64, spares: &Spares<Vec<u8>>, give: &mut dyn FnMut(Opened) -> bool) -> bool {
    match File::open(&path) {
        Ok(file) => open_listed(&path, Spooled { file, broken: None }, spares, give),
        Err(error) => give(Opened::LeftOut { path, bytes, share: bytes, reason: error.to_string() }),
    }
}

fn open_listed(path: &Path, spooled: Spooled, spares: &Spares<Vec<u8>>, give: &mut dyn FnMut(Opened) -> bool) -> bool {
    let bytes = spooled.file.metadata().map_or(0, |metadata| metadata.len());
    let spent = Spent::of(bytes);
    let place = Place { depth: 0, share: bytes, limits: &Limits::default(), spent: &spent, spares };
    open_file(path, spooled, &place, give)
}

/// Where a file lies.
struct Place<'p> {
    /// Within so many others.
    depth: usize,
    share: u64,
    limits: &'p Limits,
    spent: &'p Spent,
    spares: &'p Spares<Vec<u8>>,
}

fn open_file(path: &Path, spooled: Spooled, place: &Place<'_>, give: &mut dyn FnMut(Opened) -> bool) -> bool {
    let Spooled { mut file, broken } = spooled;
    let Place { depth, share, limits, spent, spares } = *place;
    let left_out =
        |bytes: u64, share: u64, reason: String| Opened::LeftOut { path: path.to_owned(), bytes, share, reason };
    let mut head = vec![0; 4];
    let packing = match fill(&mut file, &mut head) {
        Ok(read) => {
            head.truncate(read);
            Packing::of(&head)
        }
        Err(error) => return give(left_out(0, share, error.to_string())),
    };
    if let Some(packing) = packing {
        let bytes = file.metadata().map_or(0, |metadata| metadata.len());
        if depth >= 2 {
            return give(left_out(bytes, share, "packed more than twice: unpack it first".to_owned()));
        }
        let (mut listened, mut members, mut rest) = (true, 0, share);
        let unpacked = unpack::unpack(&file, packing, limits, spent, &mut |Member { suffix, packed, file }| {
            members += 1;
            let share = scaled(packed, share, bytes).min(rest);
            rest -= share;
            let mut name = path.as_os_str().to_owned();
            name.push(&suffix);
            let name = PathBuf::from(name);
            listened = match file {
                Ok(mut spooled) => {
                    spooled.broken = spooled.broken.or_else(|| broken.clone());
                    open_file(&name, spooled, &Place { depth: depth + 1, share, limits, spent, spares }, give)
                }
                Err(reason) => give(Opened::LeftOut { path: name, bytes, share, reason }),
            };
            listened
        });
        return match unpacked {
            Err(reason) => give(left_out(bytes, rest, reason)),
            Ok(()) if members == 0 => give(left_out(bytes, rest, "an archive without files".to_owned())),
            Ok(()) => listened,
        };
    }
    give(match hash(&mut file, spares) {
        Err(error) => left_out(0, share, error.to_string()),
        Ok(Hashed { bytes, head, sha256 }) => {
            match detect::detect(head.bytes.get(..detect::HEAD).unwrap_or(&head.bytes)) {
                Ok(container) => {
                    let held = (container == Container::Evtx && head.bytes.len() as u64 == bytes).then_some(head);
                    Opened::Ready(Ready { path: path.to_owned(), bytes, share, sha256, container, file, held, broken })
                }
                Err(reason) => left_out(bytes, share, reason.to_owned()),
            }
        }
    })
}

/// So many of `of` as a part of `whole`.
pub fn scaled(part: u64, whole: u64, of: u64) -> u64 {
    let scaled = u128::from(part.min(of)) * u128::from(whole) / u128::from(of.max(1));
    u64::try_from(scaled).unwrap_or(whole)
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

struct Hashed {
    bytes: u64,
    /// The beginning of the file, or all of it.
    head: Lent,
    sha256: String,
}

/// Reads a file once for its size, its beginning and its hash, and stands at its beginning again.
fn hash(file: &mut File, spares: &Spares<Vec<u8>>) -> std::io::Result<Hashed> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = sha2::Sha256::new();
    let expected = file.metadata()?.len().min(HELD as u64);
    // With room to see the end without growing.
    let mut head = Lent::with_room(spares, expected as usize + 1);
    file.by_ref().take(HELD as u64).read_to_end(&mut head.bytes)?;
    hasher.update(&head.bytes);
    let mut bytes = head.bytes.len() as u64;
    if head.bytes.len() >= HELD {
        head.bytes.truncate(detect::HEAD);
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let read = file.read(&mut buffer)?;
            let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
            bytes += read as u64;
            hasher.update(piece);
        }
    }
    file.seek(SeekFrom::Start(0))?;
    let sha256 = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Hashed { bytes, head, sha256 })
}
