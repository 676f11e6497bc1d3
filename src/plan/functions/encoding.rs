//! Encodings, hashes, URLs.

use super::parameter::{DATETIME, DYNAMIC, LONG, REAL, STRING, TEXT, TIMESPAN};
use super::{FunctionRow, of};
use crate::schema::ScalarType::{Dynamic, Guid, Long, String};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar(
        "base64_encode_tostring",
        &[of("base64_encode", &[STRING], String)],
        "Base64 of the text's UTF-8.",
    )
    .aliases(&["base64_encodestring"]),
    FunctionRow::scalar(
        "base64_decode_tostring",
        &[of("base64_decode", &[STRING], String)],
        "Text of base64; \"\" where it is no base64 or no UTF-8.",
    )
    .aliases(&["base64_decodestring"]),
    FunctionRow::scalar(
        "base64_decode_toarray",
        &[of("base64_decode_toarray", &[STRING], Dynamic)],
        "The bytes of base64 as an array; null where it is none.",
    ),
    FunctionRow::scalar(
        "base64_encode_fromarray",
        &[of("base64_encode_fromarray", &[DYNAMIC], String)],
        "Base64 of an array of bytes.",
    ),
    FunctionRow::scalar(
        "base64_encode_fromguid",
        &[of("base64_encode_fromguid", &[super::parameter::GUID], String)],
        "Base64 of a GUID's 16 bytes.",
    ),
    FunctionRow::scalar("base64_decode_toguid", &[of("base64_decode_toguid", &[STRING], Guid)], "The GUID of base64."),
    FunctionRow::scalar("url_encode", &[of("url_encode", &[STRING], String)], "Percent-encoding; a space becomes `+`."),
    FunctionRow::scalar(
        "url_encode_component",
        &[of("url_encode_component", &[STRING], String)],
        "Percent-encoding; a space becomes `%20`.",
    ),
    FunctionRow::scalar("url_decode", &[of("url_decode", &[STRING], String)], "The text of percent-encoding."),
    FunctionRow::scalar("hash_sha256", &[of("hash_sha256", &[TEXT], String)], "SHA-256 in lower-case hexadecimal."),
    FunctionRow::scalar("hash_sha1", &[of("hash_sha1", &[TEXT], String)], "SHA-1 in lower-case hexadecimal."),
    FunctionRow::scalar("hash_md5", &[of("hash_md5", &[TEXT], String)], "MD5 in lower-case hexadecimal."),
    FunctionRow::scalar(
        "hash_xxhash64",
        &[
            of("hash_xxhash64", &[TEXT, LONG], Long).optional(1),
            of("hash_number", &[LONG, LONG], Long).optional(1),
            of("hash_number", &[REAL, LONG], Long).optional(1),
            of("hash_number", &[DATETIME, LONG], Long).optional(1),
            of("hash_number", &[TIMESPAN, LONG], Long).optional(1),
        ],
        "xxHash64 of a text's bytes, or of the eight bytes of a number or time (as the documented hash of a datetime shows).",
    )
    .aliases(&["hash"]),
    FunctionRow::scalar(
        "punycode_to_string",
        &[of("punycode_to_string", &[STRING], String)],
        "The text of a punycode label, without `xn--`.",
    ),
    FunctionRow::scalar(
        "punycode_from_string",
        &[of("punycode_from_string", &[STRING], String)],
        "Punycode of a label, without `xn--`.",
    ),
    FunctionRow::scalar(
        "punycode_domain_to_string",
        &[of("punycode_domain_to_string", &[STRING], String)],
        "Decodes the `xn--` labels of a domain.",
    ),
    FunctionRow::scalar(
        "punycode_domain_from_string",
        &[of("punycode_domain_from_string", &[STRING], String)],
        "Encodes the labels of a domain that are not ASCII.",
    ),
    FunctionRow::scalar(
        "zlib_decompress_from_base64_string",
        &[of("zlib_decompress", &[STRING], String)],
        "Text of zlib data in base64; \"\" where it is none.",
    ),
    FunctionRow::scalar(
        "gzip_decompress_from_base64_string",
        &[of("gzip_decompress", &[STRING], String)],
        "Text of gzip data in base64; \"\" where it is none.",
    ),
];
