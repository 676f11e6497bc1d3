//! How a value of the Defender tables follows from a field of an event.
//!
//! Sources: Microsoft's event documentation (Sysmon, 4688, 4624, 5156), and logs where it is silent.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use sha1::Digest;

use crate::ingest::time;
use crate::store::event_xml::split_once;

/// The last part of a path.
pub fn leaf(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// `DOMAIN\name` in its two parts; a name alone has no domain.
pub fn user(account: &str) -> (&str, &str) {
    account.split_once('\\').unwrap_or(("", account))
}

/// The SIDs that follow from the name alone.
pub fn well_known_sid(account: &str) -> Option<Cow<'static, str>> {
    let (domain, name) = user(account);
    let name = name.to_ascii_lowercase();
    match domain.to_ascii_lowercase().as_str() {
        "nt authority" => match name.as_str() {
            "system" => Some("S-1-5-18".into()),
            "local service" => Some("S-1-5-19".into()),
            "network service" => Some("S-1-5-20".into()),
            "anonymous logon" => Some("S-1-5-7".into()),
            _ => None,
        },
        "window manager" => session_sid("S-1-5-90-0", name.strip_prefix("dwm-")?),
        "font driver host" => session_sid("S-1-5-96-0", name.strip_prefix("umfd-")?),
        "nt service" => Some(hashed_sid("S-1-5-80", &name.to_uppercase()).into()),
        "iis apppool" => Some(hashed_sid("S-1-5-82", &name).into()),
        _ => None,
    }
}

fn session_sid(prefix: &str, session: &str) -> Option<Cow<'static, str>> {
    let session: u32 = session.parse().ok()?;
    Some(format!("{prefix}-{session}").into())
}

/// The SID of a service or of an application pool is the SHA-1 of its name in UTF-16: of a service's in upper case, of a
/// pool's in lower case.
fn hashed_sid(prefix: &str, name: &str) -> String {
    let bytes: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let digest = sha1::Sha1::digest(bytes);
    let words = digest.chunks_exact(4).filter_map(|word| word.first_chunk::<4>());
    words.fold(prefix.to_owned(), |sid, word| format!("{sid}-{}", u32::from_le_bytes(*word)))
}

/// One algorithm out of `SHA1=…,MD5=…`, or a bare hash of that algorithm's length. Lower case, as `FileProfile` wants.
pub fn hash(hashes: &str, algorithm: &str) -> Option<String> {
    let (mut named, mut rest) = (None, hashes);
    while named.is_none() && !rest.is_empty() {
        let (part, after) = split_once(rest, b',').unwrap_or((rest, ""));
        named = split_once(part, b'=').filter(|(name, _)| name.trim_ascii().eq_ignore_ascii_case(algorithm));
        rest = after;
    }
    let named = named.map(|(_, value)| value.trim_ascii());
    let length = match algorithm {
        "MD5" | "IMPHASH" => 32,
        "SHA1" => 40,
        _ => 64,
    };
    let bare = (algorithm != "IMPHASH" && !hashes.contains('=')).then_some(hashes.trim());
    let found = named.or(bare)?;
    let usable = found.len() == length
        && found.bytes().all(|byte| byte.is_ascii_hexdigit())
        && found.bytes().any(|byte| byte != b'0');
    usable.then(|| found.to_ascii_lowercase())
}

/// A whole number, decimal or `0x…`.
pub fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // A logon id or handle may use all 64 bits.
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(u64::cast_signed),
        None => text.parse().ok(),
    }
}

/// A GUID without braces, in upper case: exports differ in both, and processes are joined by it.
pub fn guid(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches('{').trim_end_matches('}');
    let nothing = bare.bytes().all(|byte| matches!(byte, b'0' | b'-'));
    (!nothing).then(|| bare.to_ascii_uppercase())
}

/// The start of a process out of its Sysmon GUID: the second and third group are the seconds since 1970.
pub fn guid_time(text: &str) -> Option<i64> {
    let guid = guid(text)?;
    let mut groups = guid.split('-').skip(1);
    let low = i64::from_str_radix(groups.next()?, 16).ok()?;
    let high = i64::from_str_radix(groups.next()?, 16).ok()?;
    time::from_unix_seconds((high << 16) | low).filter(|_| high > 0)
}

/// The integrity level of a mandatory label.
pub fn integrity(label: &str) -> Option<&str> {
    Some(match label.trim().strip_prefix("S-1-16-") {
        Some("0") => "Untrusted",
        Some("4096") => "Low",
        Some("8192") => "Medium",
        Some("8448") => "MediumPlus",
        Some("12288") => "High",
        Some("16384") => "System",
        Some("20480") => "Protected",
        Some(_) => return None,
        None => label,
    })
}

/// The token elevation type behind its message id.
pub fn elevation(code: &str) -> Option<&str> {
    match code.trim() {
        "%%1936" | "1" => Some("TokenElevationTypeDefault"),
        "%%1937" | "2" => Some("TokenElevationTypeFull"),
        "%%1938" | "3" => Some("TokenElevationTypeLimited"),
        _ => None,
    }
}

/// An address in its shortest form; an IPv4 address inside an IPv6 one is taken out.
pub fn address(text: &str) -> Option<IpAddr> {
    let plain = text.trim().split('%').next()?;
    plain.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// The kind of an address, in Defender's words.
pub fn address_type(text: &str) -> Option<&'static str> {
    let raw: IpAddr = text.trim().split('%').next()?.parse().ok()?;
    if let IpAddr::V6(six) = raw
        && six.to_ipv4_mapped().is_some()
    {
        return Some("FourToSixMapping");
    }
    Some(match raw {
        _ if raw.is_loopback() => "Loopback",
        _ if raw.is_multicast() => "Multicast",
        _ if raw.is_unspecified() => "Unspecified",
        IpAddr::V4(four) if four == Ipv4Addr::BROADCAST => "Broadcast",
        IpAddr::V4(four) if four.is_private() => "Private",
        IpAddr::V4(four) if four.is_link_local() => "LinkLocal",
        IpAddr::V4(four) if matches!(four.octets(), [0 | 240..=255, ..]) => "Reserved",
        IpAddr::V6(six) => match six.segments() {
            [0xfc00..=0xfdff, ..] => "Private",
            [0xfe80..=0xfebf, ..] => "LinkLocal",
            [0x2001, 0, ..] => "Teredo",
            _ => "Public",
        },
        IpAddr::V4(_) => "Public",
    })
}

/// A protocol by name or number.
pub fn protocol(text: &str) -> Cow<'_, str> {
    match text.trim().to_ascii_lowercase().as_str() {
        "tcp" | "6" => "Tcp".into(),
        "udp" | "17" => "Udp".into(),
        "icmp" | "1" => "Icmp".into(),
        "58" => "IcmpV6".into(),
        _ => text.into(),
    }
}

const ROOTS: [(&str, &str); 4] = [
    ("HKLM", "HKEY_LOCAL_MACHINE"),
    ("HKU", "HKEY_USERS"),
    ("HKCR", "HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes"),
    ("HKCU", "HKEY_CURRENT_USER"),
];
const KERNEL_ROOTS: [(&str, &str); 2] =
    [("\\REGISTRY\\MACHINE", "HKEY_LOCAL_MACHINE"), ("\\REGISTRY\\USER", "HKEY_USERS")];

/// A registry path with its root written out, as Defender writes it.
pub fn registry(path: &str) -> Cow<'_, str> {
    replace_root(path, &ROOTS)
}

/// A kernel registry path (`\REGISTRY\MACHINE\…`) with the root users know.
pub fn registry_kernel(path: &str) -> Cow<'_, str> {
    replace_root(path, &KERNEL_ROOTS)
}

fn replace_root<'a>(path: &'a str, roots: &[(&str, &str)]) -> Cow<'a, str> {
    for (short, long) in roots {
        let Some((root, rest)) = path.split_at_checked(short.len()) else { continue };
        if root.eq_ignore_ascii_case(short) && (rest.is_empty() || rest.starts_with('\\')) {
            return format!("{long}{rest}").into();
        }
    }
    path.into()
}

/// A value's path without its name.
pub fn registry_parent(path: &str) -> &str {
    path.rsplit_once('\\').map_or(path, |(parent, _)| parent)
}

/// The name of a value; the default value has none.
pub fn registry_value(path: &str) -> &str {
    match leaf_of_key(path) {
        "(Default)" => "",
        name => name,
    }
}

fn leaf_of_key(path: &str) -> &str {
    path.rsplit_once('\\').map_or("", |(_, name)| name)
}

/// The data of a value out of Sysmon's `Details`, and its type.
pub fn registry_details(details: &str) -> (Cow<'_, str>, &'static str) {
    let inside = |prefix: &str| details.strip_prefix(prefix)?.strip_suffix(')');
    if let Some(value) = inside("DWORD (").and_then(integer) {
        return (value.to_string().into(), "Dword");
    }
    let halves = inside("QWORD (").and_then(|text| text.split_once('-'));
    if let Some((high, low)) = halves.and_then(|(high, low)| Some((integer(high)?, integer(low)?))) {
        return (((high << 32) | low).cast_unsigned().to_string().into(), "Qword");
    }
    match details {
        "Binary Data" => ("".into(), "Binary"),
        "" => ("".into(), ""),
        text => (text.into(), "String"),
    }
}

/// The type of a value behind its message id (Security 4657).
pub fn registry_type_code(code: &str) -> Option<&'static str> {
    Some(match code.trim() {
        "%%1872" => "None",
        "%%1873" => "String",
        "%%1874" => "ExpandString",
        "%%1875" => "Binary",
        "%%1876" => "Dword",
        "%%1877" => "DwordBigEndian",
        "%%1878" => "Link",
        "%%1879" => "MultiString",
        "%%1883" => "Qword",
        _ => return None,
    })
}

/// A key of a `Zone.Identifier` stream, which Sysmon writes on one line.
pub fn zone<'a>(contents: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = contents.split_once(&format!("{key}="))?;
    after.split_whitespace().next()
}

/// A key of PowerShell's `ContextInfo`, one `Key = value` a line.
pub fn context<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().filter_map(|line| line.split_once(" = ")).find(|(name, _)| name.trim() == key).map(|(_, v)| v.trim())
}

/// The program of a command line or service path.
pub fn image_of(command: &str) -> &str {
    let command = command.trim();
    if let Some(quoted) = command.strip_prefix('"') {
        return quoted.split('"').next().unwrap_or(quoted);
    }
    let lower = command.to_ascii_lowercase();
    let end = [".exe", ".sys", ".dll", ".com", ".bat", ".cmd"]
        .iter()
        .filter_map(|ending| {
            let end = lower.find(ending)? + ending.len();
            let follows = lower.get(end..)?;
            (follows.is_empty() || follows.starts_with(char::is_whitespace)).then_some(end)
        })
        .min();
    match end {
        Some(end) => command.get(..end).unwrap_or(command),
        None => command.split_whitespace().next().unwrap_or(command),
    }
}

/// The first file of Defender Antivirus' `Path` (`file:_C:\a.exe; containerfile:_…`).
pub fn antivirus_path(path: &str) -> &str {
    let after = path.split_once("file:_").map_or(path, |(_, after)| after);
    let first = after.split([';', '|']).next().unwrap_or(after);
    first.split("->").next().unwrap_or(first).trim()
}

/// The name in a distinguished name (`CN=Ann,OU=…`).
pub fn common_name(name: &str) -> &str {
    let after = name.strip_prefix("CN=").or_else(|| name.strip_prefix("cn=")).unwrap_or(name);
    after.split(',').next().unwrap_or(after)
}

/// Why a logon failed. Sub-status first: status alone is often the generic 0xC000006D.
pub fn logon_failure(sub_status: &str, status: &str) -> Option<&'static str> {
    [sub_status, status].into_iter().find_map(|code| {
        Some(match integer(code)? & 0xFFFF_FFFF {
            0xC000_006A => "Bad password",
            0xC000_0064 => "No such user",
            0xC000_0234 => "Account locked",
            0xC000_0072 => "Account disabled",
            0xC000_0071 => "Password expired",
            0xC000_0193 => "Account expired",
            0xC000_015B => "Logon type not granted",
            0xC000_006D => "Bad user name or password",
            0xC000_0133 => "Clock skew",
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_users_and_hashes() {
        assert_eq!(leaf("C:\\a\\b.exe"), "b.exe");
        assert_eq!(leaf("System"), "System");
        assert_eq!(user("NT AUTHORITY\\SYSTEM"), ("NT AUTHORITY", "SYSTEM"));
        assert_eq!(well_known_sid("Window Manager\\DWM-2").as_deref(), Some("S-1-5-90-0-2"));
        // As Windows gives them: `sc showsid MSSQLSERVER`, and the pool that IIS comes with.
        let service = "S-1-5-80-3880718306-3832830129-1677859214-2598158968-1052248003";
        assert_eq!(well_known_sid("NT SERVICE\\MSSQLSERVER").as_deref(), Some(service));
        let pool = "S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415";
        assert_eq!(well_known_sid("IIS APPPOOL\\DefaultAppPool").as_deref(), Some(pool));
        let upper = "A".repeat(40);
        assert_eq!(hash(&format!("MD5=,SHA1={upper}"), "SHA1"), Some("a".repeat(40)));
        assert_eq!(hash(&upper, "SHA1"), Some("a".repeat(40)));
        assert_eq!(hash(&upper, "MD5"), None);
        assert_eq!(hash(&format!("IMPHASH={}", "0".repeat(32)), "IMPHASH"), None);
    }

    #[test]
    fn numbers_and_guids() {
        assert_eq!(integer("0x1d51e"), Some(120_094));
        assert_eq!(integer("4172"), Some(4172));
        assert_eq!(guid("{747f3d96-db7c-5dbe-0000-001000000000}").unwrap(), "747F3D96-DB7C-5DBE-0000-001000000000");
        assert_eq!(guid("{00000000-0000-0000-0000-000000000000}"), None);
        let start = guid_time("747F3D96-DB7C-5DBE-0000-001000000000").map(time::format);
        assert_eq!(start.as_deref(), Some("2019-11-03T13:51:56.0000000Z"));
    }

    #[test]
    fn addresses() {
        assert_eq!(address("0:0:0:0:0:0:0:1").unwrap().to_string(), "::1");
        assert_eq!(address("::ffff:1.2.3.4").unwrap().to_string(), "1.2.3.4");
        assert_eq!(address("LOCAL"), None);
        for (text, kind) in [
            ("10.1.2.3", "Private"),
            ("8.8.8.8", "Public"),
            ("127.0.0.1", "Loopback"),
            ("169.254.1.1", "LinkLocal"),
            ("fe80::1%4", "LinkLocal"),
            ("::ffff:1.2.3.4", "FourToSixMapping"),
            ("2001:0:53aa::1", "Teredo"),
            ("239.255.255.250", "Multicast"),
        ] {
            assert_eq!(address_type(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn registry_paths_and_data() {
        assert_eq!(registry("HKLM\\System\\x"), "HKEY_LOCAL_MACHINE\\System\\x");
        assert_eq!(registry("HKU\\S-1-5-21-1\\x"), "HKEY_USERS\\S-1-5-21-1\\x");
        assert_eq!(registry("HKLMX\\y"), "HKLMX\\y");
        assert_eq!(registry_kernel("\\REGISTRY\\MACHINE\\SAM"), "HKEY_LOCAL_MACHINE\\SAM");
        assert_eq!(registry_value("HKLM\\a\\(Default)"), "");
        assert_eq!(registry_details("DWORD (0x00000010)"), ("16".into(), "Dword"));
        assert_eq!(registry_details("QWORD (0x00000001-0x00000002)"), ("4294967298".into(), "Qword"));
        assert_eq!(registry_details("Binary Data"), ("".into(), "Binary"));
    }

    #[test]
    fn programs_of_commands() {
        assert_eq!(image_of("\"C:\\Program Files\\a.exe\" -x"), "C:\\Program Files\\a.exe");
        assert_eq!(image_of("C:\\Program Files\\a.exe -k net"), "C:\\Program Files\\a.exe");
        assert_eq!(image_of("%COMSPEC% /c echo"), "%COMSPEC%");
        assert_eq!(antivirus_path("containerfile:_C:\\a.zip; file:_C:\\a.zip->b.exe"), "C:\\a.zip");
        assert_eq!(logon_failure("0x0", "0xc000006d"), Some("Bad user name or password"));
    }
}
