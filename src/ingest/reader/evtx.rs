//! Reads pieces of EVTX files: one batch a chunk, so that a chunk's records stay together in one block.

use std::error::Error;
use std::io::Cursor;

use evtx::err::EvtxError;
use evtx::{EvtxParser, ParserSettings, RenderedChunkItem};

use super::evtx_pieces::{CHUNK, HEADER, Piece};
use super::{Sink, Stop};
use crate::ingest::normalise::Normaliser;
use crate::store::Rejection;
use crate::store::block::Encoder;

/// Reads a piece. Damage costs a record or a chunk, never more.
pub fn read(piece: Piece, normaliser: &mut Normaliser, encoder: &mut Encoder, sink: &mut dyn Sink) -> Result<(), Stop> {
    let Piece { bytes, first, cut } = piece;
    let settings = ParserSettings::new().indent(false);
    let mut parser = EvtxParser::from_read_seek(Cursor::new(bytes))
        .map_err(|error| Stop::File(explain(&error)))?
        .with_configuration(settings);
    for (index, chunk) in (first + 1..).zip(parser.chunks_xml_bytes(false)) {
        let mut batch = sink.empty();
        batch.make_room(chunk.data.len(), chunk.items.len());
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
                        .and_then(|xml| normaliser.add(xml, event_record_id.cast_signed(), &mut batch));
                    match added {
                        Ok(()) => kept.push(bytes),
                        Err(reason) => {
                            let place = format!("record {event_record_id}");
                            batch.rejections.push(Rejection { place, reason });
                        }
                    }
                }
                RenderedChunkItem::Failed(error) => {
                    batch.rejections.push(Rejection { place: place(error, first, index), reason: explain(error) });
                }
            }
        }
        if !kept.is_empty() {
            encoder.encode(kept.into_iter(), &mut batch.block).map_err(|error| Stop::File(error.to_string()))?;
        }
        if !batch.records.is_empty() || !batch.rejections.is_empty() {
            sink.send(batch)?;
        }
    }
    match cut {
        None => Ok(()),
        Some(place) => {
            let mut batch = sink.empty();
            batch.rejections.push(Rejection { place, reason: "the file ends inside this record".to_owned() });
            sink.send(batch)
        }
    }
}

/// Where in the whole file an error is, whose chunks are counted from `first`.
fn place(error: &EvtxError, first: u64, chunk: u64) -> String {
    match error {
        EvtxError::FailedToParseRecord { record_id, .. } => format!("record {record_id}"),
        EvtxError::FailedToReadRecordAt { chunk: Some(chunk), offset, .. } => {
            format!("offset {}", HEADER + (first + chunk) * CHUNK + offset)
        }
        EvtxError::FailedToParseChunk { chunk_id, .. } => format!("offset {}", HEADER + (first + chunk_id) * CHUNK),
        _ => format!("chunk {chunk}"),
    }
}

/// The innermost of an error's causes says what is wrong. What the outer ones say of places is counted from the
/// beginning of the piece.
fn explain(error: &EvtxError) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match error {
        EvtxError::FailedToParseChunk { .. } => format!("the chunk cannot be read: {cause}"),
        EvtxError::FailedToReadRecordAt { .. } => format!("no record can be read here: {cause}"),
        _ => cause.to_string(),
    }
}
