//! What people bring from other query languages, and how KQL says it.

/// Words that KQL has not, or not here.
const WORDS: &[(&str, &str)] = &[
    ("as", "a column's name stands before its value: `name = value`"),
    ("case", "write `case(condition, value, …, otherwise)`"),
    ("days", "a timespan is a number with its unit: `7d`, `12h`, `5m`, `30s`"),
    ("else", "write `case(condition, value, …, otherwise)`"),
    ("from", "a query begins with its table: `Table | where … | project …`"),
    ("group", "`summarize … by Column` groups rows; `by` stands alone"),
    ("having", "put `| where …` after `summarize`"),
    ("hours", "a timespan is a number with its unit: `7d`, `12h`, `5m`, `30s`"),
    ("ilike", "`contains`, `startswith` and `endswith` look for text, `matches regex` for a pattern"),
    ("is", "`isnull(x)` and `isempty(x)` ask whether a value is missing"),
    ("like", "`contains`, `startswith` and `endswith` look for text, `matches regex` for a pattern"),
    ("matches", "a pattern follows `matches regex`"),
    ("minutes", "a timespan is a number with its unit: `7d`, `12h`, `5m`, `30s`"),
    ("regex", "a pattern follows `matches regex`"),
    ("rlike", "`contains`, `startswith` and `endswith` look for text, `matches regex` for a pattern"),
    ("seconds", "a timespan is a number with its unit: `7d`, `12h`, `5m`, `30s`"),
    ("then", "write `case(condition, value, …, otherwise)`"),
    ("when", "write `case(condition, value, …, otherwise)`"),
];

/// Functions of other languages.
const FUNCTIONS: &[(&str, &str)] = &[
    ("cast", "toint(), tolong(), todouble(), tostring(), todatetime() convert"),
    ("charindex", "indexof(text, what) finds a text"),
    ("concat", "strcat() joins texts"),
    ("contains", "write 'Column contains \"text\"'"),
    ("convert", "toint(), tolong(), todouble(), tostring(), todatetime() convert"),
    ("date_trunc", "startofday(), startofmonth() and bin(x, 1h) round times down"),
    ("endswith", "write 'Column endswith \"text\"'"),
    ("getdate", "now() is the present"),
    ("group_concat", "strcat_array(make_list(x), \",\") joins the texts of a group"),
    ("if", "iff(condition, then, otherwise) chooses"),
    ("ifnull", "coalesce(x, default) takes the first that is there"),
    ("instr", "indexof(text, what) finds a text"),
    ("json_extract", "parse_json(text).path reads a path"),
    ("json_value", "parse_json(text).path reads a path"),
    ("lcase", "tolower() folds case"),
    ("left", "substring(text, 0, count) takes the beginning"),
    ("len", "strlen() counts characters, array_length() members"),
    ("length", "strlen() counts characters, array_length() members"),
    ("list", "make_list(x) gathers values"),
    ("nvl", "coalesce(x, default) takes the first that is there"),
    ("regexp_like", "write 'Column matches regex \"pattern\"'"),
    ("right", "substring(text, -count) takes the end"),
    ("startswith", "write 'Column startswith \"text\"'"),
    ("string_agg", "strcat_array(make_list(x), \",\") joins the texts of a group"),
    ("substr", "substring(text, start, count) counts from 0"),
    ("to_date", "todatetime() reads a time"),
    ("ucase", "toupper() folds case"),
    ("values", "make_set(x) gathers different values"),
];

fn look_up(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    table.iter().find(|(known, _)| *known == word).map(|(_, help)| *help)
}

/// What a word that stands wrong was meant as.
pub fn word(text: &str) -> Option<&'static str> {
    look_up(WORDS, text)
}

/// What stands for a function of this name.
pub fn function(name: &str) -> Option<&'static str> {
    look_up(FUNCTIONS, name)
}
