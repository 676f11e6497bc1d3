//! The import itself, on a thread of its own: what it says of how far it is comes as inputs, and the thread that draws
//! never waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;

use crate::console::input::Input;
use crate::console::jobs::panic_text;
use crate::ingest::{self, FileReport, ImportReport, Progress};
use crate::store::Store;

/// What an import says of itself.
#[derive(Debug)]
pub enum News {
    /// So many bytes are to be read.
    Begins {
        bytes: u64,
    },
    /// The files that are to be read, in this order, and their bytes.
    Listed(Vec<(String, u64)>),
    /// Another file begins; its size where it has one of its own.
    File {
        path: String,
        bytes: u64,
    },
    /// So many bytes are read and so many records seen, over all files.
    Reached {
        bytes: u64,
        records: u64,
    },
    /// What became of the records of the file that is being read, so far.
    Counted {
        stored: u64,
        known: u64,
        rejected: u64,
    },
    /// A file is read to its end, or left out.
    Done(Box<FileReport>),
    /// Nothing is read any more, and the store is being made ready.
    Stage(String),
    Over(Result<Box<ImportReport>, String>),
}

/// An import that runs. Dropping it ends it, and waits until the store is whole.
pub struct Work {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Work {
    pub fn start(store: PathBuf, paths: Vec<PathBuf>, inputs: Sender<Input>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let raised = Arc::clone(&stop);
        let thread = thread::Builder::new().name("import".to_owned()).spawn(move || {
            let mut teller = Teller(inputs);
            let done = catch_unwind(AssertUnwindSafe(|| import(&store, &paths, &raised, &mut teller)));
            let done = done.unwrap_or_else(|panic| Err(panic_text(panic.as_ref())));
            teller.say(News::Over(done.map(Box::new)));
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Reads no further: what is complete stays.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Leaves it to the end of the process: a store bears that at any moment, and the same import goes on with it.
    pub fn abandon(mut self) {
        self.thread = None;
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // What went wrong in it was said by it.
            let _ = thread.join();
        }
    }
}

fn import(store: &Path, paths: &[PathBuf], stop: &AtomicBool, teller: &mut Teller) -> Result<ImportReport, String> {
    let mut store = Store::create_or_open(store).map_err(|error| error.to_string())?;
    ingest::import(&mut store, paths, stop, teller).map_err(|error| error.to_string())
}

struct Teller(Sender<Input>);

impl Teller {
    fn say(&self, news: News) {
        // Whoever listened has gone; the store is made whole all the same.
        let _ = self.0.send(Input::Import(Box::new(news)));
    }
}

impl Progress for Teller {
    fn begin(&mut self, bytes: u64) {
        self.say(News::Begins { bytes });
    }

    fn listed(&mut self, files: &[(String, u64)]) {
        self.say(News::Listed(files.to_vec()));
    }

    fn counted(&mut self, file: &FileReport) {
        self.say(News::Counted { stored: file.stored, known: file.duplicates, rejected: file.rejected });
    }

    fn done(&mut self, file: &FileReport) {
        self.say(News::Done(Box::new(file.clone())));
    }

    fn file(&mut self, path: &Path) {
        let bytes = path.metadata().map_or(0, |found| found.len());
        self.say(News::File { path: path.to_string_lossy().into_owned(), bytes });
    }

    fn reached(&mut self, bytes: u64, records: u64) {
        self.say(News::Reached { bytes, records });
    }

    fn stage(&mut self, name: &str) {
        self.say(News::Stage(name.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{Receiver, unbounded};

    fn until_over(received: &Receiver<Input>) -> (Vec<News>, Result<Box<ImportReport>, String>) {
        let mut before = Vec::new();
        loop {
            match received.recv().unwrap() {
                Input::Import(news) => match *news {
                    News::Over(done) => return (before, done),
                    other => before.push(other),
                },
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn an_import_tells_of_each_file_and_of_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let event = r#"{"Type":"DeviceProcessEvents","Timestamp":"2026-03-02T02:10:00Z","DeviceName":"a","ActionType":"ProcessCreated","FileName":"cmd.exe","ProcessId":1}"#;
        std::fs::write(folder.path().join("a.ndjson"), event).unwrap();
        let (inputs, received) = unbounded();
        let name = folder.path().join("a.ndjson").to_string_lossy().into_owned();
        let paths = vec![folder.path().join("a.ndjson")];
        let work = Work::start(folder.path().join("new.db"), paths, inputs).unwrap();
        let (before, done) = until_over(&received);
        assert_eq!(done.unwrap().totals(), (1, 1, 0, 0));
        let size = event.len() as u64;
        assert!(matches!(before.first(), Some(News::Begins { bytes }) if *bytes == size), "{before:?}");
        assert!(before.iter().any(|news| matches!(news, News::File { bytes, .. } if *bytes == size)), "{before:?}");
        assert!(before.iter().any(|news| matches!(news, News::Reached { records: 1, .. })), "{before:?}");
        assert!(before.iter().any(|news| matches!(news, News::Listed(files) if *files == [(name.clone(), size)])));
        assert!(before.iter().any(|news| matches!(news, News::Counted { stored: 1, known: 0, rejected: 0 })));
        assert!(before.iter().any(|news| matches!(news, News::Done(file) if file.path == name && file.stored == 1)));
        assert!(matches!(before.last(), Some(News::Stage(_))), "{before:?}");
        drop(work);
    }

    #[test]
    fn what_cannot_be_a_store_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "no store at all").unwrap();
        let (inputs, received) = unbounded();
        let _work = Work::start(path, vec![folder.path().to_owned()], inputs).unwrap();
        assert!(until_over(&received).1.unwrap_err().contains("is not a whippet store"));
    }
}
