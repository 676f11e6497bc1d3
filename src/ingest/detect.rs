//! What a file is, by its first bytes and never by its name.

/// What the importer can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    Evtx,
    /// Events in their XML form.
    Xml,
    /// Rows with a header line.
    Csv,
    /// JSON objects: one a line, one after another, or in an array.
    Json,
}

impl Container {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evtx => "EVTX",
            Self::Xml => "event XML",
            Self::Csv => "CSV",
            Self::Json => "JSON",
        }
    }
}

/// How many bytes decide.
pub const HEAD: usize = 64 * 1024;

/// Where a tar archive says what it is.
const TAR_MAGIC: usize = 257;

/// Says what a file is, or why it is not an event file.
pub fn detect(head: &[u8]) -> Result<Container, &'static str> {
    if head.is_empty() {
        return Err("empty file");
    }
    if head.starts_with(b"ElfFile\0") {
        return Ok(Container::Evtx);
    }
    let known: [(&[u8], &str); 9] = [
        (b"SQLite format 3\0", "an SQLite database"),
        (b"PK\x05\x06", "an empty zip archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
        (b"\xfd7zXZ\0", "packed with xz: unpack it first"),
        (b"Rar!", "a rar archive: unpack it first"),
        (b"MZ", "a program"),
        (b"\x7fELF", "a program"),
        (b"version https://git-lfs", "a git-LFS pointer, not the file itself: run 'git lfs pull'"),
        (b"regf", "a registry hive"),
    ];
    if matches!(head, [b'B', b'Z', b'h', b'1'..=b'9', ..]) {
        return Err("packed with bzip2: unpack it first");
    }
    if let Some((_, reason)) = known.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(reason);
    }
    if head.get(TAR_MAGIC..).is_some_and(|rest| rest.starts_with(b"ustar")) {
        return Err("a tar archive: unpack it first");
    }
    let Some(text) = first_line(head) else { return Err("not text and not a known binary format") };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.chars().next() {
        None => Err("only blanks"),
        Some('{' | '[') => Ok(Container::Json),
        Some('<') => {
            let whole = decode(head);
            let event = ["<Event>", "<Event ", "<Events>", "<Events "].iter().any(|tag| whole.contains(tag));
            if event { Ok(Container::Xml) } else { Err("XML, but no event XML") }
        }
        Some('R') if is_numbered_record(text) => {
            let whole = decode(head);
            let mut lines = whole.lines().map(|line| line.trim_start_matches('\u{feff}').trim());
            let after = lines.find(|line| !line.is_empty() && !is_numbered_record(line));
            Ok(if after.is_some_and(|line| line.starts_with('<')) { Container::Xml } else { Container::Json })
        }
        Some(_) => {
            let header = text.lines().next().unwrap_or_default();
            let columns: Vec<&str> = header.split([',', ';', '\t']).collect();
            let names = |column: &str| {
                let bare = column.trim().trim_matches('"');
                !bare.is_empty() && bare.len() <= 128 && !bare.contains(['{', '<'])
            };
            if columns.len() >= 2 && columns.iter().all(|column| names(column)) {
                Ok(Container::Csv)
            } else {
                Err("text, but neither JSON nor rows with a header")
            }
        }
    }
}

/// `evtx_dump` writes `Record 1` before the first object or event.
pub fn is_numbered_record(line: &str) -> bool {
    line.strip_prefix("Record ").is_some_and(|number| number.trim().parse::<u64>().is_ok())
}

fn decode(head: &[u8]) -> String {
    match encoding_rs::Encoding::for_bom(head) {
        Some((encoding, _)) => encoding.decode(head).0.into_owned(),
        None => String::from_utf8_lossy(head).into_owned(),
    }
}

/// The first line that is not blank. What stands after it may be damaged: that costs records, not the file.
fn first_line(head: &[u8]) -> Option<String> {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(head) {
        let text = encoding.decode(head).0;
        return Some(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned());
    }
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    if matches!(line.first(), Some(b'{' | b'[' | b'<')) {
        return Some(String::from_utf8_lossy(line).into_owned());
    }
    let valid = match std::str::from_utf8(line) {
        Ok(text) => text,
        // The head may end inside a character.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(line.get(..error.valid_up_to())?).ok()?,
        Err(_) => return None,
    };
    (!valid.contains('\0')).then(|| valid.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        assert_eq!(detect(b"ElfFile\0rest"), Ok(Container::Evtx));
        assert_eq!(detect(b"\xef\xbb\xbf \n{\"a\":1}"), Ok(Container::Json));
        assert_eq!(detect(b"Timestamp,DeviceName\n"), Ok(Container::Csv));
        assert_eq!(detect(b"\xff\xfeT\0,\0D\0"), Ok(Container::Csv));
        assert_eq!(detect(b"Record 1\n{\n"), Ok(Container::Json));
        assert_eq!(detect(b"Record 1\r\n<?xml version=\"1.0\"?>\r\n<Event>"), Ok(Container::Xml));
        assert_eq!(detect(b""), Err("empty file"));
        assert!(detect(b"version https://git-lfs.github.com/spec/v1").unwrap_err().contains("LFS"));
        let tar = [&[b'a'; 257][..], b"ustar"].concat();
        assert!(detect(&tar).unwrap_err().contains("tar archive"));
        assert!(detect(b"\x00\x01\x02").is_err());
        assert!(detect(b"just a sentence").is_err());
        assert!(detect("caf\u{e9},b\n".as_bytes().get(..4).unwrap()).is_err());
    }
}
