//! The scalar types of KQL.

/// A scalar type. `int` is 32 bits, `long` 64; `datetime` and `timespan` count ticks of 100 ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScalarType {
    Bool,
    Int,
    Long,
    Real,
    Decimal,
    String,
    Datetime,
    Timespan,
    Dynamic,
    Guid,
}

impl ScalarType {
    /// The name KQL itself prints (`gettype`, `getschema`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::Decimal => "decimal",
            Self::String => "string",
            Self::Datetime => "datetime",
            Self::Timespan => "timespan",
            Self::Dynamic => "dynamic",
            Self::Guid => "guid",
        }
    }

    /// The .NET type that the v1 query response carries as `DataType`.
    pub const fn clr_name(self) -> &'static str {
        match self {
            Self::Bool => "SByte",
            Self::Int => "Int32",
            Self::Long => "Int64",
            Self::Real => "Double",
            Self::Decimal => "SqlDecimal",
            Self::String => "String",
            Self::Datetime => "DateTime",
            Self::Timespan => "TimeSpan",
            Self::Dynamic => "Object",
            Self::Guid => "Guid",
        }
    }

    /// Reads a type word, with the aliases KQL accepts (`double`, `boolean`, `date`, `time`, `uuid`, …).
    pub fn from_name(word: &str) -> Option<Self> {
        Some(match word {
            "bool" | "boolean" => Self::Bool,
            "int" | "int32" => Self::Int,
            "long" | "int64" => Self::Long,
            "real" | "double" => Self::Real,
            "decimal" => Self::Decimal,
            "string" => Self::String,
            "datetime" | "date" => Self::Datetime,
            "timespan" | "time" => Self::Timespan,
            "dynamic" => Self::Dynamic,
            "guid" | "uuid" | "uniqueid" => Self::Guid,
            _ => return None,
        })
    }

    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Int | Self::Long | Self::Real | Self::Decimal)
    }

    pub const fn is_integer(self) -> bool {
        matches!(self, Self::Int | Self::Long)
    }
}
