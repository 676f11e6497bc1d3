//! IP addresses, version 4 and 6. Text that is no address gives null.

use super::parameter::{DYNAMIC, LONG, STRING};
use super::{FunctionRow, of};
use crate::schema::ScalarType::{Bool, Dynamic, Long, String};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar(
        "ipv4_is_private",
        &[of("ipv4_is_private", &[STRING], Bool)],
        "Inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
    ),
    FunctionRow::scalar(
        "ipv4_is_in_range",
        &[of("ipv4_is_in_range", &[STRING, STRING], Bool)],
        "Whether an address is in a CIDR range.",
    ),
    FunctionRow::scalar(
        "ipv4_is_in_any_range",
        &[
            of("ipv4_is_in_any_range", &[STRING, DYNAMIC], Bool),
            of("ipv4_is_in_any_of", &[STRING, STRING], Bool).repeats(1),
        ],
        "Whether an address is in one of several CIDR ranges.",
    ),
    FunctionRow::scalar(
        "ipv4_is_match",
        &[of("ipv4_is_match", &[STRING, STRING, LONG], Bool).optional(1)],
        "Whether two addresses agree in the shortest of the prefixes given.",
    ),
    FunctionRow::scalar(
        "ipv4_compare",
        &[of("ipv4_compare", &[STRING, STRING, LONG], Long).optional(1)],
        "0, -1 or 1, after masking by the shortest of the prefixes given.",
    ),
    FunctionRow::scalar(
        "ipv4_netmask_suffix",
        &[of("ipv4_netmask_suffix", &[STRING], Long)],
        "The prefix length of `a.b.c.d/n`; 32 without one.",
    ),
    FunctionRow::scalar(
        "parse_ipv4",
        &[of("parse_ipv4", &[STRING], Long)],
        "The address as a number, masked by its prefix.",
    ),
    FunctionRow::scalar(
        "parse_ipv4_mask",
        &[of("parse_ipv4_mask", &[STRING, LONG], Long)],
        "The address as a number, masked by a prefix.",
    ),
    FunctionRow::scalar(
        "format_ipv4",
        &[
            of("format_ipv4", &[STRING, LONG], String).optional(1),
            of("format_ipv4_long", &[LONG, LONG], String).optional(1),
        ],
        "The address, masked by a prefix.",
    ),
    FunctionRow::scalar(
        "format_ipv4_mask",
        &[
            of("format_ipv4_mask", &[STRING, LONG], String).optional(1),
            of("format_ipv4_mask_long", &[LONG, LONG], String).optional(1),
        ],
        "The address, masked by a prefix, with the prefix.",
    ),
    FunctionRow::scalar(
        "ipv4_range_to_cidr_list",
        &[of("ipv4_range_to_cidr_list", &[STRING, STRING], Dynamic)],
        "The CIDR ranges that cover two addresses and all between.",
    ),
    FunctionRow::scalar(
        "has_ipv4",
        &[of("has_ipv4", &[STRING, STRING], Bool)],
        "Whether a text holds this address, with no digit or dot-digit beside it.",
    ),
    FunctionRow::scalar(
        "has_any_ipv4",
        &[of("has_any_ipv4", &[STRING, DYNAMIC], Bool), of("has_any_ipv4_of", &[STRING, STRING], Bool).repeats(1)],
        "Whether a text holds one of these addresses.",
    ),
    FunctionRow::scalar(
        "has_ipv4_prefix",
        &[of("has_ipv4_prefix", &[STRING, STRING], Bool)],
        "Whether a text holds an address that starts so (`10.1.`).",
    ),
    FunctionRow::scalar(
        "has_any_ipv4_prefix",
        &[
            of("has_any_ipv4_prefix", &[STRING, DYNAMIC], Bool),
            of("has_any_ipv4_prefix_of", &[STRING, STRING], Bool).repeats(1),
        ],
        "Whether a text holds an address that starts with one of these.",
    ),
    FunctionRow::scalar(
        "ipv6_is_match",
        &[of("ipv6_is_match", &[STRING, STRING, LONG], Bool).optional(1)],
        "As `ipv4_is_match`; IPv4 addresses count as mapped.",
    ),
    FunctionRow::scalar(
        "ipv6_compare",
        &[of("ipv6_compare", &[STRING, STRING, LONG], Long).optional(1)],
        "As `ipv4_compare`; IPv4 addresses count as mapped.",
    ),
    FunctionRow::scalar(
        "ipv6_is_in_range",
        &[of("ipv6_is_in_range", &[STRING, STRING], Bool)],
        "Whether an address is in a CIDR range.",
    ),
    FunctionRow::scalar(
        "ipv6_is_in_any_range",
        &[
            of("ipv6_is_in_any_range", &[STRING, DYNAMIC], Bool),
            of("ipv6_is_in_any_of", &[STRING, STRING], Bool).repeats(1),
        ],
        "Whether an address is in one of several CIDR ranges.",
    ),
    FunctionRow::scalar(
        "parse_ipv6",
        &[of("parse_ipv6", &[STRING], String)],
        "The canonical form, all eight groups of four digits.",
    ),
    FunctionRow::scalar(
        "parse_ipv6_mask",
        &[of("parse_ipv6_mask", &[STRING, LONG], String)],
        "The canonical form, masked by a prefix.",
    ),
];
