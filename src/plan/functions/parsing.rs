//! Functions that take text apart: URLs, paths, versions, command lines, CSV, XML, JSON paths.

use super::parameter::{DYNAMIC, STRING, TEXT, TYPEOF};
use super::{FunctionRow, of};
use crate::schema::ScalarType::{Dynamic, String};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar(
        "parse_url",
        &[of("parse_url", &[STRING], Dynamic)],
        "A bag: Scheme, Host, Port, Path, Username, Password, Query Parameters, Fragment.",
    )
    .aliases(&["parseurl"]),
    FunctionRow::scalar("parse_urlquery", &[of("parse_urlquery", &[STRING], Dynamic)], "A bag: Query Parameters.")
        .aliases(&["parseurlquery"]),
    FunctionRow::scalar(
        "parse_path",
        &[of("parse_path", &[STRING], Dynamic)],
        "A bag: Scheme, RootPath, DirectoryPath, DirectoryName, Filename, Extension, AlternateDataStreamName.",
    ),
    FunctionRow::scalar(
        "parse_version",
        &[of("parse_version", &[STRING], crate::schema::ScalarType::Decimal)],
        "A number that orders versions of up to four parts; null where it is none.",
    ),
    FunctionRow::scalar(
        "parse_command_line",
        &[of("parse_command_line", &[TEXT, STRING], Dynamic)],
        "The arguments of a Windows command line, by the rules of its C runtime.",
    ),
    FunctionRow::scalar("parse_csv", &[of("parse_csv", &[STRING], Dynamic)], "The fields of one CSV record.")
        .named_as_argument(),
    FunctionRow::scalar(
        "parse_xml",
        &[of("parse_xml", &[STRING], Dynamic)],
        "XML as JSON: attributes are `@name`, text beside them `#text`; null where it is no XML.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "extract_json",
        &[
            of("extract_json", &[STRING, STRING], String),
            of("extract_json", &[STRING, STRING, TYPEOF], String),
            of("extract_json_dynamic", &[STRING, DYNAMIC], String),
            of("extract_json_dynamic", &[STRING, DYNAMIC, TYPEOF], String),
        ],
        "The value at a path (`$.a.b[0]`, `$['a b']`) in JSON text, or \"\".",
    )
    .aliases(&["extractjson"]),
    FunctionRow::scalar(
        "parse_user_agent",
        &[
            of("engine:parse_user_agent", &[STRING, DYNAMIC], Dynamic),
            of("engine:parse_user_agent", &[STRING, STRING], Dynamic),
        ],
        "Needs a table of browsers that is not shipped.",
    ),
];
