//! The record of an event as it stood in its file, and where that is.

use super::error::HuntError;
use super::matches::EventId;
use crate::store::Store;

/// An event's record in words: file, place and the bytes themselves, in hex where they are no text.
pub fn text(store: &Store, event: EventId) -> Result<String, HuntError> {
    let origin = store.origin(event)?.ok_or(HuntError::UnknownEvent(event))?;
    let source = &origin.source;
    let mut text =
        format!("file     {}\nSHA-256  {}\nrecord   {} ({})\n", source.path, source.sha256, origin.record, source.kind);
    if let Some(number) = origin.event_id {
        text.push_str(&format!("log      {}, {} {number}\n", origin.channel, origin.provider));
    }
    text.push('\n');
    match store.original_record(event)? {
        Some(bytes) => text.push_str(&readable(&bytes)),
        None => text.push_str("no record of it was kept"),
    }
    Ok(text)
}

/// Bytes as text where they are text, else as a dump.
fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text.to_owned(),
        _ => dump(bytes),
    }
}

/// Offset, sixteen bytes in hex, and what of them is ASCII.
fn dump(bytes: &[u8]) -> String {
    let lines = bytes.chunks(16).enumerate().map(|(line, chunk)| {
        let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let ascii: String = chunk
            .iter()
            .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' })
            .collect();
        format!("{:08x}  {:<47}  {ascii}", line * 16, hex.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_dumped() {
        assert_eq!(readable("{\"a\":\"é\"}".as_bytes()), "{\"a\":\"é\"}");
        let dumped = readable(b"MZ\x90\x00\x03 0123456789ABC");
        assert_eq!(
            dumped,
            "00000000  4d 5a 90 00 03 20 30 31 32 33 34 35 36 37 38 39  MZ... 0123456789\n\
             00000010  41 42 43                                         ABC"
        );
        let store = Store::in_memory().unwrap();
        assert!(matches!(text(&store, 7), Err(HuntError::UnknownEvent(7))));
    }
}
