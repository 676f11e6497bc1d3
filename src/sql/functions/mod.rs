//! How SQLite computes each symbol of the function registry: native SQL where that is exactly right, a Rust
//! function registered with the connection where it is not.
//!
//! Knows the representation of values (`value`), not the queries that call.

mod aggregates;
mod bags;
mod casts;
mod conditional;
mod datetime;
pub(super) mod decimal;
mod decompose;
mod distributions;
mod encoding;
mod fourier;
mod geo;
mod ip;
mod json;
mod json_path;
mod math;
mod operators;
mod parsing;
mod prepared;
mod punycode;
mod regexes;
mod search;
mod series;
mod strings;
mod time_format;
pub mod value;
mod xml;

pub use search::{Needle, Predicate as TextPredicate};

use std::sync::LazyLock;

use foldhash::HashMap;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

use value::{Body, Output, Scalar};

/// How a symbol is computed.
#[derive(Debug, Clone, Copy)]
pub enum Implementation {
    /// SQL with `{0}`, `{1}`, … for the arguments.
    Template(&'static str),
    /// The registered function `kql_` + this name.
    Function(&'static str),
    /// The negation of the registered function `kql_` + this name, itself registered as `kql_not_` + the name.
    Negation(&'static str),
    /// SQL that depends on how many arguments there are.
    Expansion(fn(&[String]) -> String),
}

impl Implementation {
    /// The SQL expression over these argument expressions.
    pub fn render(&self, arguments: &[String]) -> String {
        match self {
            Self::Function(name) => format!("kql_{name}({})", arguments.join(", ")),
            Self::Negation(name) => format!("kql_not_{name}({})", arguments.join(", ")),
            Self::Expansion(expand) => expand(arguments),
            Self::Template(template) => fill(template, arguments),
        }
    }
}

/// Puts the arguments into a template's places; a place without an argument stays empty.
fn fill(template: &str, arguments: &[String]) -> String {
    let mut sql = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        sql.push_str(before);
        let Some((place, tail)) = after.split_once('}') else { break };
        if let Some(argument) = place.parse().ok().and_then(|place: usize| arguments.get(place)) {
            sql.push_str(argument);
        }
        rest = tail;
    }
    sql.push_str(rest);
    sql
}

/// Symbols that are SQL.
static TEMPLATES: &[&[(&str, &str)]] = &[operators::TEMPLATES, casts::TEMPLATES, aggregates::TEMPLATES];

type Expansion = (&'static str, fn(&[String]) -> String);

/// Symbols whose SQL depends on how many arguments there are.
const EXPANSIONS: &[Expansion] = &[
    ("not_equal", operators::not_equal),
    ("in", operators::in_list),
    ("not_in", operators::not_in_list),
    ("iff", conditional::iff),
    ("case", conditional::case),
    ("coalesce", conditional::coalesce),
    ("coalesce_string", conditional::coalesce_string),
    ("rand", math::random),
    ("new_guid", encoding::new_guid),
];

/// Symbols that are registered functions.
static SCALARS: &[&[Scalar]] = &[
    operators::SCALARS,
    casts::SCALARS,
    conditional::SCALARS,
    strings::SCALARS,
    math::SCALARS,
    datetime::SCALARS,
    bags::SCALARS,
    encoding::SCALARS,
    ip::SCALARS,
    parsing::SCALARS,
    series::SCALARS,
    decompose::SCALARS,
    distributions::SCALARS,
    fourier::SCALARS,
    geo::SCALARS,
];

fn scalars() -> impl Iterator<Item = &'static Scalar> {
    SCALARS.iter().flat_map(|area| area.iter())
}

/// All symbols by name: a query over many tables looks thousands up.
static IMPLEMENTATIONS: LazyLock<HashMap<&str, Implementation>> = LazyLock::new(|| {
    let templates = TEMPLATES.iter().flat_map(|area| area.iter());
    let templates = templates.map(|(name, template)| (*name, Implementation::Template(template)));
    let expansions = EXPANSIONS.iter().chain(aggregates::EXPANSIONS);
    let expansions = expansions.map(|(name, expand)| (*name, Implementation::Expansion(*expand)));
    let predicates = operators::PREDICATES.iter().map(|(name, ..)| *name);
    let functions = scalars().map(|scalar| scalar.symbol);
    let functions = functions.chain(aggregates::AGGREGATES.iter().map(|(name, _)| *name));
    let functions = functions.chain(math::OF_ONE.iter().map(|(name, _)| *name)).chain(predicates);
    let functions = functions.map(|name| (name, Implementation::Function(name)));
    let mut found = HashMap::default();
    for (name, implementation) in templates.chain(expansions).chain(functions) {
        // SQL goes before a function of the same name.
        found.entry(name).or_insert(implementation);
    }
    found
});

/// The implementation of a registry symbol; `None` for symbols the engine expands itself.
pub fn implementation(symbol: &str) -> Option<Implementation> {
    if let Some(found) = IMPLEMENTATIONS.get(symbol) {
        return Some(*found);
    }
    let positive = symbol.strip_prefix("not_")?;
    let (name, ..) = operators::PREDICATES.iter().find(|(name, ..)| *name == positive)?;
    Some(Implementation::Negation(name))
}

/// Deterministic, so that SQLite computes constants once and may use them in indexes; innocuous, so that views may call them.
const FLAGS: FunctionFlags =
    FunctionFlags::SQLITE_UTF8.union(FunctionFlags::SQLITE_DETERMINISTIC).union(FunctionFlags::SQLITE_INNOCUOUS);

/// Registers every function with a connection. All are deterministic and free of side effects.
pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    let add = |name: &str, body: Box<Call>| {
        connection.create_scalar_function(format!("kql_{name}").as_str(), -1, FLAGS, move |context| body(context))
    };
    for scalar in scalars() {
        match scalar.body {
            Body::Plain(body) => add(scalar.symbol, Box::new(move |context| Ok(body(context))))?,
            Body::Fallible(body) => add(scalar.symbol, Box::new(body))?,
        }
    }
    for (name, add_aggregate) in aggregates::AGGREGATES {
        add_aggregate(connection, &format!("kql_{name}"))?;
    }
    for (name, body) in math::OF_ONE {
        add(name, Box::new(move |context| Ok(math::of_one(context, *body))))?;
    }
    for (name, predicate, case_sensitive) in operators::PREDICATES {
        for negated in [false, true] {
            let prefix = if negated { "not_" } else { "" };
            let body = move |context: &Context<'_>| operators::predicate(context, *predicate, *case_sensitive, negated);
            add(&format!("{prefix}{name}"), Box::new(body))?;
        }
    }
    Ok(())
}

type Call =
    dyn Fn(&Context<'_>) -> rusqlite::Result<Output> + Send + Sync + std::panic::RefUnwindSafe + std::panic::UnwindSafe;

#[cfg(test)]
mod tests;
