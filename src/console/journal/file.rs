//! The head of a journal file: what was looked at, and on how large a screen.

use std::fmt;
use std::path::{Path, PathBuf};

const FIRST: &str = "#whippet journal 1";

/// What a journal is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A scenario of the sample data, by its name.
    Scenario(String),
    /// A store, seen from the journal's folder where that can be said.
    Store(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub subject: Option<Subject>,
    pub size: (u16, u16),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("line {line}: '{text}' is no size: write #size 120x36")]
    Size { line: usize, text: String },
    #[error("this journal is of another version: it begins with '{0}', and this whippet reads '{FIRST}'")]
    Version(String),
}

impl fmt::Display for Header {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{FIRST}")?;
        match &self.subject {
            Some(Subject::Scenario(name)) => writeln!(formatter, "#scenario {name}")?,
            Some(Subject::Store(path)) => {
                // The name of a file may hold a line end.
                let path = serde_json::Value::from(path.to_string_lossy());
                writeln!(formatter, "#store {path}")?;
            }
            None => {}
        }
        writeln!(formatter, "#size {}x{}", self.size.0, self.size.1)
    }
}

impl Header {
    /// Reads the comments that a journal begins with; a script written by hand need not have any.
    pub fn read(text: &str) -> Result<Self, HeaderError> {
        let mut header = Self { subject: None, size: (120, 36) };
        for (position, line) in text.lines().enumerate() {
            if let Some(rest) = line.strip_prefix("#scenario ") {
                header.subject = Some(Subject::Scenario(rest.trim().to_owned()));
            } else if let Some(rest) = line.strip_prefix("#store ") {
                let path = serde_json::from_str::<String>(rest).unwrap_or_else(|_| rest.trim().to_owned());
                header.subject = Some(Subject::Store(PathBuf::from(path)));
            } else if let Some(rest) = line.strip_prefix("#size ") {
                let wrong = || HeaderError::Size { line: position.saturating_add(1), text: rest.to_owned() };
                let (width, height) = rest.trim().split_once('x').ok_or_else(wrong)?;
                header.size = (width.parse().map_err(|_| wrong())?, height.parse().map_err(|_| wrong())?);
            } else if line.starts_with("#whippet ") && line.trim_end() != FIRST {
                return Err(HeaderError::Version(line.trim_end().to_owned()));
            } else if !line.starts_with('#') && !line.trim().is_empty() {
                break;
            }
        }
        Ok(header)
    }

    /// A store as a journal names it: from the journal's folder where both are below one, so that the two can be moved
    /// together.
    pub fn store(journal: &Path, store: &Path) -> Subject {
        let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (journal, store) = (whole(journal), whole(store));
        let folder = journal.parent().unwrap_or(Path::new(""));
        let shared = folder.components().zip(store.components()).take_while(|(one, other)| one == other).count();
        if shared <= 1 {
            return Subject::Store(store);
        }
        let up = folder.components().skip(shared).map(|_| std::path::Component::ParentDir);
        Subject::Store(up.chain(store.components().skip(shared)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written() {
        for subject in
            [None, Some(Subject::Scenario("xp-cmdshell".to_owned())), Some(Subject::Store("../a b\n.db".into()))]
        {
            let header = Header { subject, size: (80, 24) };
            assert_eq!(Header::read(&header.to_string()), Ok(header));
        }
        assert_eq!(Header::read(":tree\n#size x").map(|header| header.size), Ok((120, 36)));
        assert!(matches!(Header::read("#size x"), Err(HeaderError::Size { line: 1, .. })));
        assert!(matches!(Header::read("#whippet journal 2\n"), Err(HeaderError::Version(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_store_is_named_from_the_journals_folder() {
        let store = |path: &str| Header::store(Path::new("/case/notes/j.whippet"), Path::new(path));
        assert_eq!(store("/case/a.db"), Subject::Store("../a.db".into()));
        assert_eq!(store("/case/notes/a.db"), Subject::Store("a.db".into()));
        assert_eq!(store("/elsewhere/a.db"), Subject::Store("/elsewhere/a.db".into()));
    }
}
