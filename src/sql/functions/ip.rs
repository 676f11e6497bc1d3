//! IP addresses and CIDR ranges.
//!
//! Both versions are kept as 128 bits, IPv4 mapped into IPv6, so that one set of rules serves both; an IPv4
//! prefix of n is 96 + n there.

use std::net::{Ipv4Addr, Ipv6Addr};

use rusqlite::functions::Context;

use super::json;
use super::value::{Arguments, Output, Scalar, plain};

/// An address with the prefix it was given, in the mapped form.
#[derive(Debug, Clone, Copy)]
struct Address {
    bits: u128,
    prefix: u32,
}

const MAPPED: u128 = 0xffff << 32;

fn v4(text: &str) -> Option<Address> {
    let text = text.trim();
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse().ok().filter(|prefix| *prefix <= 32)?),
        None => (text, 32),
    };
    let address: Ipv4Addr = address.parse().ok()?;
    Some(Address { bits: MAPPED | u128::from(u32::from(address)), prefix: 96 + prefix })
}

fn v6(text: &str) -> Option<Address> {
    if let Some(address) = v4(text) {
        return Some(address);
    }
    let text = text.trim();
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse().ok().filter(|prefix| *prefix <= 128)?),
        None => (text, 128),
    };
    let bits = u128::from(address.parse::<Ipv6Addr>().ok()?);
    // `::192.0.2.1` is the IPv4 address, as the service has it.
    if address.contains('.') && bits <= u128::from(u32::MAX) {
        return Some(Address { bits: MAPPED | bits, prefix: if prefix <= 32 { 96 + prefix } else { prefix } });
    }
    Some(Address { bits, prefix })
}

const fn mask(prefix: u32) -> u128 {
    if prefix == 0 { 0 } else { u128::MAX << (128 - prefix) }
}

impl Address {
    const fn network(self) -> u128 {
        self.bits & mask(self.prefix)
    }

    /// The number of an IPv4 address, masked by its prefix.
    const fn v4_number(self) -> u32 {
        self.network() as u32
    }

    fn is_in(self, range: Self) -> bool {
        self.bits & mask(range.prefix) == range.network()
    }
}

/// Reads an address of one version.
type Read = fn(&str) -> Option<Address>;

/// Two addresses under the shortest of their prefixes and the third argument.
fn compare(context: &Context<'_>, read: Read, offset: u32) -> Option<std::cmp::Ordering> {
    let (left, right) = (read(context.text(0))?, read(context.text(1))?);
    let given = if context.len() > 2 { u32::try_from(context.integer(2)?).ok()? } else { 128 - offset };
    let longest = 128 - offset;
    let prefix = left.prefix.min(right.prefix).min(given.min(longest) + offset);
    Some((left.bits & mask(prefix)).cmp(&(right.bits & mask(prefix))))
}

fn is_match(context: &Context<'_>, read: Read, offset: u32) -> Output {
    compare(context, read, offset).map(std::cmp::Ordering::is_eq).into()
}

fn is_in_range(context: &Context<'_>, read: Read) -> Output {
    read(context.text(0)).zip(read(context.text(1))).map(|(address, range)| address.is_in(range)).into()
}

/// Null where the address is none; a range that is none holds nothing.
fn is_in_any<'a>(address: Option<Address>, ranges: impl Iterator<Item = &'a str>, read: Read) -> Output {
    let mut ranges = ranges;
    address.map(|address| ranges.any(|range| read(range).is_some_and(|range| address.is_in(range)))).into()
}

fn texts(context: &Context<'_>, place: usize) -> Vec<String> {
    let members = context.maybe_text(place).map(super::operators::members).unwrap_or_default();
    members.into_iter().map(|member| json::plain_text(member).into_owned()).collect()
}

fn is_in_array(context: &Context<'_>, read: Read) -> Output {
    is_in_any(read(context.text(0)), texts(context, 1).iter().map(String::as_str), read)
}

fn is_in_arguments(context: &Context<'_>, read: Read) -> Output {
    is_in_any(read(context.text(0)), (1..context.len()).map(|place| context.text(place)), read)
}

/// The ranges of RFC 1918.
const PRIVATE: [(u32, u32); 3] = [(0x0a00_0000, 8), (0xac10_0000, 12), (0xc0a8_0000, 16)];

fn is_private(address: Address) -> bool {
    PRIVATE.iter().any(|(network, prefix)| {
        let range = Address { bits: MAPPED | u128::from(*network), prefix: 96 + prefix };
        address.is_in(range) && address.prefix >= range.prefix
    })
}

fn with_prefix(address: Option<Address>, context: &Context<'_>, place: usize) -> Option<Address> {
    let address = address?;
    if context.len() <= place {
        return Some(address);
    }
    let prefix = u32::try_from(context.integer(place)?).ok().filter(|prefix| *prefix <= 32)?;
    Some(Address { prefix: address.prefix.min(96 + prefix), ..address })
}

fn of_number(number: i64) -> Option<Address> {
    let number = u32::try_from(number).ok()?;
    Some(Address { bits: MAPPED | u128::from(number), prefix: 128 })
}

fn formatted(address: Option<Address>, with_suffix: bool) -> Output {
    let Some(address) = address else { return Output::from("") };
    let dotted = Ipv4Addr::from(address.v4_number());
    let suffix = if with_suffix { format!("/{}", address.prefix - 96) } else { String::new() };
    format!("{dotted}{suffix}").into()
}

fn full_v6(address: Address) -> String {
    let groups = Ipv6Addr::from(address.network()).segments();
    groups.iter().map(|group| format!("{group:04x}")).collect::<Vec<_>>().join(":")
}

/// The fewest CIDR ranges from one address to another.
fn cidr_list(first: u32, last: u32) -> Vec<String> {
    let mut ranges = Vec::new();
    let (mut at, end) = (u64::from(first), u64::from(last));
    while at <= end {
        let aligned = if at == 0 { 32 } else { at.trailing_zeros().min(32) };
        let fitting = (end - at + 1).ilog2();
        let size = aligned.min(fitting);
        ranges.push(format!("{}/{}", Ipv4Addr::from(at as u32), 32 - size));
        at += 1_u64 << size;
    }
    ranges
}

/// The IPv4 addresses in a text, each set off from letters, digits and further dotted numbers.
fn addresses_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric() && character != '.')
        .map(|piece| piece.trim_matches('.'))
        .filter(|piece| piece.parse::<Ipv4Addr>().is_ok())
}

fn has_address(text: &str, wanted: &str) -> bool {
    wanted.parse::<Ipv4Addr>().is_ok() && addresses_in(text).any(|address| address == wanted)
}

/// A prefix is `a.`, `a.b.`, `a.b.c.` or a whole address.
fn has_prefix(text: &str, prefix: &str) -> bool {
    let is_prefix = prefix.ends_with('.') || prefix.parse::<Ipv4Addr>().is_ok();
    is_prefix
        && addresses_in(text).any(|address| address.starts_with(prefix) && (prefix.ends_with('.') || address == prefix))
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("ipv4_is_private", |context| v4(context.text(0)).map(is_private).into()),
    plain("ipv4_is_in_range", |context| is_in_range(context, v4)),
    plain("ipv4_is_in_any_range", |context| is_in_array(context, v4)),
    plain("ipv4_is_in_any_of", |context| is_in_arguments(context, v4)),
    plain("ipv4_is_match", |context| is_match(context, v4, 96)),
    plain("ipv4_compare", |context| compare(context, v4, 96).map(|order| order as i64).into()),
    plain("ipv4_netmask_suffix", |context| v4(context.text(0)).map(|address| i64::from(address.prefix - 96)).into()),
    plain("parse_ipv4", |context| v4(context.text(0)).map(|address| i64::from(address.v4_number())).into()),
    plain("parse_ipv4_mask", |context| {
        with_prefix(v4(context.text(0)), context, 1).map(|address| i64::from(address.v4_number())).into()
    }),
    plain("format_ipv4", |context| formatted(with_prefix(v4(context.text(0)), context, 1), false)),
    plain("format_ipv4_long", |context| {
        formatted(with_prefix(context.integer(0).and_then(of_number), context, 1), false)
    }),
    plain("format_ipv4_mask", |context| formatted(with_prefix(v4(context.text(0)), context, 1), true)),
    plain("format_ipv4_mask_long", |context| {
        formatted(with_prefix(context.integer(0).and_then(of_number), context, 1), true)
    }),
    plain("ipv4_range_to_cidr_list", |context| {
        let (first, last) = (v4(context.text(0)), v4(context.text(1)));
        let ranges = first.zip(last).map(|(first, last)| cidr_list(first.v4_number(), last.v4_number()));
        ranges.map(|ranges| json::array(ranges.iter().map(|range| json::quote(range)))).into()
    }),
    plain("has_ipv4", |context| has_address(context.text(0), context.text(1)).into()),
    plain("has_any_ipv4", |context| texts(context, 1).iter().any(|wanted| has_address(context.text(0), wanted)).into()),
    plain("has_any_ipv4_of", |context| {
        (1..context.len()).any(|place| has_address(context.text(0), context.text(place))).into()
    }),
    plain("has_ipv4_prefix", |context| has_prefix(context.text(0), context.text(1)).into()),
    plain("has_any_ipv4_prefix", |context| {
        texts(context, 1).iter().any(|prefix| has_prefix(context.text(0), prefix)).into()
    }),
    plain("has_any_ipv4_prefix_of", |context| {
        (1..context.len()).any(|place| has_prefix(context.text(0), context.text(place))).into()
    }),
    plain("ipv6_is_match", |context| is_match(context, v6, 0)),
    plain("ipv6_compare", |context| compare(context, v6, 0).map(|order| order as i64).into()),
    plain("ipv6_is_in_range", |context| is_in_range(context, v6)),
    plain("ipv6_is_in_any_range", |context| is_in_array(context, v6)),
    plain("ipv6_is_in_any_of", |context| is_in_arguments(context, v6)),
    plain("parse_ipv6", |context| v6(context.text(0)).map_or_else(String::new, full_v6).into()),
    plain("parse_ipv6_mask", |context| {
        let prefix = context.integer(1).and_then(|prefix| u32::try_from(prefix).ok()).filter(|prefix| *prefix <= 128);
        let address = v6(context.text(0)).zip(prefix);
        let masked = address.map(|(address, prefix)| Address { prefix: address.prefix.min(prefix), ..address });
        masked.map_or_else(String::new, full_v6).into()
    }),
];
