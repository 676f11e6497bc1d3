//! What SQL Server's own events say: the address of a client, the binary data of a message, the lines of an audit event.

use std::borrow::Cow;

use memchr::memmem;

use super::Derived;
use super::derive::address;
use crate::store::event_xml::split_once;

/// The address of SQL Server's `[CLIENT: 10.0.2.17]`; `<local machine>` and names are no addresses.
pub fn sql_client(text: &str) -> Option<String> {
    let (_, after) = text.split_once("CLIENT:")?;
    let inside = after.split(']').next()?.trim();
    if inside.eq_ignore_ascii_case("<local machine>") {
        return Some("127.0.0.1".to_owned());
    }
    address(inside).map(|found| found.to_string())
}

/// A part of the binary data of SQL Server's messages: number, severity, server, database.
pub fn sql_binary<'a>(hex: &str, part: &str) -> Option<Derived<'a>> {
    let bytes: Vec<u8> = hex
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|text| u8::from_str_radix(text, 16).ok()))
        .collect::<Option<_>>()?;
    let word = |at: usize| bytes.get(at..at + 4)?.first_chunk::<4>().map(|chunk| u32::from_le_bytes(*chunk));
    let text = |at: usize| -> Option<(String, usize)> {
        let length = usize::try_from(word(at)?).ok()?.checked_mul(2)?;
        let start = at + 4;
        let units: Vec<u16> = bytes
            .get(start..start.checked_add(length)?)?
            .chunks_exact(2)
            .filter_map(|pair| pair.first_chunk::<2>().map(|pair| u16::from_le_bytes(*pair)))
            .take_while(|unit| *unit != 0)
            .collect();
        Some((String::from_utf16_lossy(&units), start + length))
    };
    match part {
        "severity" => word(4).map(|severity| Derived::Integer(i64::from(severity))),
        "server" => text(8).map(|(server, _)| Derived::Text(server.into())),
        _ => text(text(8)?.1).map(|(database, _)| Derived::Text(database.into())),
    }
}

/// The line that the server writes after a statement.
const AFTER_STATEMENT: &str = "\nadditional_information:";

/// The `key:value` lines of an SQL Server audit event. A value goes on over lines that begin with no key. What a
/// statement says is its author's, who may write such lines in it: it ends where the server's own text goes on at last,
/// and no name is told twice.
pub fn audit_lines(text: &str) -> Vec<(&str, Cow<'_, str>)> {
    let mut found: Vec<(&str, Cow<'_, str>)> = Vec::new();
    let statement_ends = memmem::rfind(text.as_bytes(), AFTER_STATEMENT.as_bytes());
    let mut rest = text;
    while !rest.is_empty() {
        let place = text.len() - rest.len();
        let line;
        (line, rest) = match split_once(rest, b'\n') {
            Some((line, after)) => (line.strip_suffix('\r').unwrap_or(line), after),
            None => (rest, ""),
        };
        let key = split_once(line, b':').filter(|(key, _)| {
            !key.is_empty()
                && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
                && !found.iter().any(|(told, _)| told == key)
        });
        let in_statement = found.last().is_some_and(|(key, _)| *key == "statement");
        match (key, found.last_mut()) {
            (Some((key, value)), _) if !in_statement || place.checked_sub(1) == statement_ends => {
                found.push((key, Cow::Borrowed(value)));
            }
            (_, Some((_, value))) => {
                let value = value.to_mut();
                value.push('\n');
                value.push_str(line);
            }
            (_, None) => {}
        }
    }
    found
}

/// One of them. An old server tells the client's address inside the additional information.
pub fn audit<'a>(text: &'a str, key: &str) -> Option<Cow<'a, str>> {
    let mut lines = audit_lines(text);
    let mut take = |key: &str| {
        let at = lines.iter().position(|(name, _)| *name == key)?;
        Some(lines.swap_remove(at).1)
    };
    if let Some(found) = take(key) {
        return Some(found);
    }
    let more = if key == "client_ip" { take("additional_information")? } else { return None };
    let (_, after) = more.split_once("<address>")?;
    after.split('<').next().map(|address| Cow::Owned(address.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_server_messages() {
        let hex = "613C00000A00000003000000410042000000080000006D00610073007400650072000000 0000".replace(' ', "");
        assert_eq!(sql_binary(&hex, "severity"), Some(Derived::Integer(10)));
        assert_eq!(sql_binary(&hex, "server"), Some(Derived::Text("AB".into())));
        assert_eq!(sql_binary(&hex, "database"), Some(Derived::Text("master".into())));
        assert_eq!(sql_binary("61", "server"), None);
        assert_eq!(sql_client(" [CLIENT: 10.0.2.17]").as_deref(), Some("10.0.2.17"));
        let event = "action_id:EX\nstatement:select 1\nfrom t\nadditional_information:<address>10.0.0.1</address>";
        assert_eq!(audit(event, "statement").as_deref(), Some("select 1\nfrom t"));
        assert_eq!(audit(event, "client_ip").as_deref(), Some("10.0.0.1"));
        let forged =
            "action_id:EX\nstatement:select 1\nclient_ip:192.0.2.1\nadditional_information:\nclient_ip:10.0.0.2";
        assert_eq!(audit(forged, "client_ip").as_deref(), Some("10.0.0.2"));
        assert_eq!(audit(forged, "additional_information").as_deref(), Some(""));
        let forged = "succeeded:false\nstatement:select 1\nadditional_information:\nclient_ip:192.0.2.1\nsucceeded:true\n\
                      additional_information:\nclient_ip:10.0.0.2";
        assert_eq!(audit(forged, "client_ip").as_deref(), Some("10.0.0.2"));
        assert_eq!(audit_lines(forged).iter().filter(|(key, _)| *key == "succeeded").count(), 1);
        assert_eq!(audit(forged, "succeeded").as_deref(), Some("false"));
        let late = "succeeded:false\nadditional_information:\nsucceeded:true";
        assert_eq!(audit(late, "additional_information").as_deref(), Some("\nsucceeded:true"));
    }
}
