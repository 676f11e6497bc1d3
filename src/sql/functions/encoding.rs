//! Base64, URL encoding, hashes, punycode, compressed text.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

use super::json;
use super::value::{Arguments, Output, Scalar, plain, text_of};
use rusqlite::types::ValueRef;

/// Bytes of base64, with or without its padding.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let trimmed = text.trim();
    let bare = trimmed.trim_end_matches('=');
    let padding = "=".repeat((4 - bare.len() % 4) % 4);
    STANDARD.decode(format!("{bare}{padding}")).ok()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Percent-encoding of all but letters, digits and `kept`.
fn percent_encoded(text: &str, kept: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02x}"));
        }
    }
    encoded
}

/// The text of percent-encoding; what is no escape stays.
pub(super) fn percent_decoded(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escape = (*byte == b'%')
            .then(|| bytes.get(at + 1..at + 3).and_then(|digits| str::from_utf8(digits).ok()))
            .flatten()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escape {
            Some(value) => {
                decoded.push(value);
                at += 3;
            }
            None => {
                decoded.push(if plus_is_space && *byte == b'+' { b' ' } else { *byte });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// GUIDs keep their first three groups in little-endian order (.NET).
const GUID_ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

fn guid_bytes(guid: &str) -> Option<Vec<u8>> {
    let digits: String = guid.chars().filter(char::is_ascii_hexdigit).collect();
    let bytes: Vec<u8> = (0..16)
        .map(|place| digits.get(place * 2..place * 2 + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect::<Option<_>>()?;
    GUID_ORDER.iter().map(|place| bytes.get(*place).copied()).collect()
}

fn guid_of(bytes: &[u8]) -> Option<String> {
    let ordered: Vec<u8> = GUID_ORDER.iter().map(|place| bytes.get(*place).copied()).collect::<Option<_>>()?;
    (bytes.len() == 16).then(|| super::casts::guid_of_text(&hexadecimal(&ordered)))?
}

/// The most text a compressed value may unfold to: events come from hostile machines.
const MOST_UNFOLDED: u64 = 16 << 20;

fn unfolded(reader: impl std::io::Read) -> Option<String> {
    let mut text = String::new();
    reader.take(MOST_UNFOLDED).read_to_string(&mut text).ok()?;
    Some(text)
}

/// MD5 (RFC 1321): a name for files here, not a protection.
fn md5(message: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend(((message.len() as u64) << 3).to_le_bytes());
    for block in padded.chunks_exact(64) {
        let words: Vec<u32> =
            block.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap_or_default())).collect();
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64_usize {
            let (mixed, word) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), 5 * step + 1),
                2 => (b ^ c ^ d, 3 * step + 5),
                _ => (c ^ (b | !d), 7 * step),
            };
            let constant = (((step + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
            let sum =
                a.wrapping_add(mixed).wrapping_add(constant).wrapping_add(words.get(word % 16).copied().unwrap_or(0));
            let shift = SHIFTS.get(step / 16).and_then(|round| round.get(step % 4)).copied().unwrap_or(0);
            (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(shift)));
        }
        for (part, value) in state.iter_mut().zip([a, b, c, d]) {
            *part = part.wrapping_add(value);
        }
    }
    let mut digest = [0; 16];
    for (bytes, part) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&part.to_le_bytes());
    }
    digest
}

/// xxHash64 (Y. Collet's specification), seed 0.
fn xxhash64(message: &[u8]) -> u64 {
    const P: [u64; 5] = [
        0x9e37_79b1_85eb_ca87,
        0xc2b2_ae3d_27d4_eb4f,
        0x1656_67b1_9e37_79f9,
        0x85eb_ca77_c2b2_ae63,
        0x27d4_eb2f_1656_67c5,
    ];
    let [p1, p2, p3, p4, p5] = P;
    let round = |lane: u64, word: u64| lane.wrapping_add(word.wrapping_mul(p2)).rotate_left(31).wrapping_mul(p1);
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
    let mut rest = message;
    let mut hash = if message.len() >= 32 {
        let mut lanes = [p1.wrapping_add(p2), p2, 0, 0_u64.wrapping_sub(p1)];
        let mut stripes = message.chunks_exact(32);
        for stripe in stripes.by_ref() {
            for (lane, bytes) in lanes.iter_mut().zip(stripe.chunks_exact(8)) {
                *lane = round(*lane, word(bytes));
            }
        }
        rest = stripes.remainder();
        let [a, b, c, d] = lanes;
        let sum = a
            .rotate_left(1)
            .wrapping_add(b.rotate_left(7))
            .wrapping_add(c.rotate_left(12))
            .wrapping_add(d.rotate_left(18));
        lanes.iter().fold(sum, |hash, lane| (hash ^ round(0, *lane)).wrapping_mul(p1).wrapping_add(p4))
    } else {
        p5
    };
    hash = hash.wrapping_add(message.len() as u64);
    let mut words = rest.chunks_exact(8);
    for bytes in words.by_ref() {
        hash = (hash ^ round(0, word(bytes))).rotate_left(27).wrapping_mul(p1).wrapping_add(p4);
    }
    rest = words.remainder();
    if let Some((four, tail)) = rest.split_at_checked(4) {
        let value = u64::from(u32::from_le_bytes(four.try_into().unwrap_or_default()));
        hash = (hash ^ value.wrapping_mul(p1)).rotate_left(23).wrapping_mul(p2).wrapping_add(p3);
        rest = tail;
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte).wrapping_mul(p5)).rotate_left(11).wrapping_mul(p1);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(p2);
    hash = (hash ^ (hash >> 29)).wrapping_mul(p3);
    hash ^ (hash >> 32)
}

fn bytes_of_array(array: &str) -> Option<Vec<u8>> {
    json::elements(array)?.map(|member| member.parse::<u8>().ok()).collect()
}

fn domain(context: &rusqlite::functions::Context<'_>, label: fn(&str) -> Option<String>) -> Output {
    let labels: Option<Vec<String>> = context.text(0).split(['.', '。', '｡']).map(label).collect();
    labels.map_or_else(String::new, |labels| labels.join(".")).into()
}

/// A hash, or its rest by the modulus that the second argument gives.
fn within(context: &rusqlite::functions::Context<'_>, hash: u64) -> Output {
    match (context.len() > 1, context.integer(1)) {
        (false, _) => hash.cast_signed().into(),
        (true, Some(modulus)) if modulus > 0 => hash.cast_signed().rem_euclid(modulus).into(),
        _ => Output::Null,
    }
}

/// A random guid of version 4.
pub(super) fn new_guid(_: &[String]) -> String {
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || \
     substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
        .to_owned()
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("base64_encode", |context| STANDARD.encode(context.text(0)).into()),
    plain("base64_decode", |context| {
        decoded(context.text(0)).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default().into()
    }),
    plain("base64_decode_toarray", |context| {
        decoded(context.text(0)).map(|bytes| json::array(bytes.iter().map(u8::to_string))).into()
    }),
    plain("base64_encode_fromarray", |context| {
        context.maybe_text(0).and_then(bytes_of_array).map_or_else(String::new, |bytes| STANDARD.encode(bytes)).into()
    }),
    plain("base64_encode_fromguid", |context| {
        context.maybe_text(0).and_then(guid_bytes).map_or_else(String::new, |bytes| STANDARD.encode(bytes)).into()
    }),
    plain("base64_decode_toguid", |context| decoded(context.text(0)).and_then(|bytes| guid_of(&bytes)).into()),
    plain("url_encode", |context| percent_encoded(context.text(0), "-_.!*() ").replace(' ', "+").into()),
    plain("url_encode_component", |context| percent_encoded(context.text(0), "-_.~").into()),
    plain("url_decode", |context| percent_decoded(context.text(0), true).into()),
    plain("hash_sha256", |context| hexadecimal(&sha2::Sha256::digest(context.text(0).as_bytes())).into()),
    plain("hash_sha1", |context| hexadecimal(&sha1::Sha1::digest(context.text(0).as_bytes())).into()),
    plain("hash_md5", |context| hexadecimal(&md5(context.text(0).as_bytes())).into()),
    plain("hash_xxhash64", |context| within(context, xxhash64(context.text(0).as_bytes()))),
    plain("hash_number", |context| {
        within(
            context,
            match context.raw(0) {
                ValueRef::Integer(value) => xxhash64(&value.to_le_bytes()),
                ValueRef::Real(value) => xxhash64(&value.to_bits().to_le_bytes()),
                other => xxhash64(text_of(other).unwrap_or_default().as_bytes()),
            },
        )
    }),
    plain("punycode_to_string", |context| super::punycode::decode(context.text(0)).unwrap_or_default().into()),
    plain("punycode_from_string", |context| super::punycode::encode(context.text(0)).unwrap_or_default().into()),
    plain("punycode_domain_from_string", |context| {
        domain(context, |label| match label.strip_prefix("xn--") {
            Some(code) => super::punycode::decode(code),
            None => Some(label.to_owned()),
        })
    }),
    plain("punycode_domain_to_string", |context| {
        domain(context, |label| {
            if label.is_ascii() {
                return Some(label.to_owned());
            }
            super::punycode::encode(label).map(|code| format!("xn--{code}"))
        })
    }),
    plain("zlib_decompress", |context| {
        let bytes = decoded(context.text(0));
        bytes.and_then(|bytes| unfolded(flate2::read::ZlibDecoder::new(bytes.as_slice()))).unwrap_or_default().into()
    }),
    plain("gzip_decompress", |context| {
        let bytes = decoded(context.text(0));
        bytes.and_then(|bytes| unfolded(flate2::read::GzDecoder::new(bytes.as_slice()))).unwrap_or_default().into()
    }),
];
