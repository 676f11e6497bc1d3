//! Reads EVTX files: one batch a chunk, so that a chunk's records stay together in one block.

use std::error::Error;
use std::fs::File;

use evtx::err::EvtxError;
use evtx::{EvtxParser, ParserSettings, RenderedChunkItem};

use super::{Sink, Stop};
use crate::ingest::batch::Batch;
use crate::ingest::normalise::Normaliser;
use crate::store::{Rejection, block};

const CHUNK: u64 = 65_536;
const HEADER: u64 = 4_096;

/// Reads a whole file. Damage costs a record or a chunk, never the file.
pub fn read(file: File, normaliser: &mut Normaliser, sink: &mut dyn Sink) -> Result<(), Stop> {
    let settings = ParserSettings::new().indent(false);
    let mut parser =
        EvtxParser::from_read_seek(file).map_err(|error| Stop::File(explain(&error)))?.with_configuration(settings);
    for (index, chunk) in (1u64..).zip(parser.chunks_xml_bytes(false)) {
        let mut batch = Batch::default();
        batch.reached = HEADER + index * CHUNK;
        let mut kept: Vec<&[u8]> = Vec::with_capacity(chunk.items.len());
        let mut start = 0;
        for item in &chunk.items {
            match item {
                RenderedChunkItem::Record { event_record_id, end } => {
                    // Each record ends with a line feed that is not its own.
                    let bytes = chunk.data.get(start..end.saturating_sub(1)).unwrap_or_default();
                    start = *end;
                    let added = std::str::from_utf8(bytes)
                        .map_err(|error| error.to_string())
                        .and_then(|xml| normaliser.add(xml, &mut batch));
                    match added {
                        Ok(()) => kept.push(bytes),
                        Err(reason) => {
                            let place = format!("record {event_record_id}");
                            batch.rejections.push(Rejection { place, reason });
                        }
                    }
                }
                RenderedChunkItem::Failed(error) => {
                    batch.rejections.push(Rejection { place: place(error, index), reason: explain(error) });
                }
            }
        }
        if !kept.is_empty() {
            batch.block = block::encode(kept.into_iter());
        }
        if !batch.records.is_empty() || !batch.rejections.is_empty() {
            sink.send(batch)?;
        }
    }
    Ok(())
}

fn place(error: &EvtxError, chunk: u64) -> String {
    match error {
        EvtxError::FailedToParseRecord { record_id, .. } => format!("record {record_id}"),
        EvtxError::FailedToReadRecordAt { chunk: Some(chunk), offset, .. } => {
            format!("offset {}", HEADER + chunk * CHUNK + offset)
        }
        EvtxError::FailedToParseChunk { chunk_id, .. } => format!("offset {}", HEADER + chunk_id * CHUNK),
        _ => format!("chunk {chunk}"),
    }
}

/// An error with its causes: the innermost one says what is wrong.
fn explain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        cause = inner.source();
    }
    words
}
