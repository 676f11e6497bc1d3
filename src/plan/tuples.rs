//! Functions that give several columns: `series_stats`, `series_decompose_anomalies`, ….
//!
//! Each is computed once, as a bag, by a projection before the operator; its columns are the bag's members. The names
//! are those of Kusto's own binder: `(a, b) = f(x)` names the first ones, `a = f(x)` the first, the others are
//! `f_x_column`. Where a single value is wanted, it is the first column.

use super::binder::{Binder, Context};
use super::names::Names;
use super::tree::{Expr, ExprKind};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::syntax::{self, Argument, NamedExpr};
use crate::schema::ScalarType::{self, Dynamic, Long, Real};

type Columns = &'static [(&'static str, ScalarType)];

/// The functions, and the columns of each in order.
const TUPLES: &[(&str, Columns)] = &[
    (
        "series_stats",
        &[
            ("min", Real),
            ("min_idx", Long),
            ("max", Real),
            ("max_idx", Long),
            ("avg", Real),
            ("stdev", Real),
            ("variance", Real),
        ],
    ),
    (
        "series_fit_line",
        &[
            ("rsquare", Real),
            ("slope", Real),
            ("variance", Real),
            ("rvariance", Real),
            ("interception", Real),
            ("line_fit", Dynamic),
        ],
    ),
    (
        "series_fit_2lines",
        &[
            ("rsquare", Real),
            ("split_idx", Long),
            ("variance", Real),
            ("rvariance", Real),
            ("line_fit", Dynamic),
            ("right_rsquare", Real),
            ("right_slope", Real),
            ("right_interception", Real),
            ("right_variance", Real),
            ("right_rvariance", Real),
            ("left_rsquare", Real),
            ("left_slope", Real),
            ("left_interception", Real),
            ("left_variance", Real),
            ("left_rvariance", Real),
        ],
    ),
    (
        "series_fit_poly",
        &[("rsquare", Real), ("coefficients", Dynamic), ("variance", Real), ("rvariance", Real), ("poly_fit", Dynamic)],
    ),
    ("series_fft", &[("real", Dynamic), ("imag", Dynamic)]),
    ("series_ifft", &[("real", Dynamic), ("imag", Dynamic)]),
    ("series_decompose", &[("baseline", Dynamic), ("seasonal", Dynamic), ("trend", Dynamic), ("residual", Dynamic)]),
    ("series_decompose_anomalies", &[("ad_flag", Dynamic), ("ad_score", Dynamic), ("baseline", Dynamic)]),
    ("series_periods_detect", &[("periods", Dynamic), ("scores", Dynamic)]),
    ("series_periods_validate", &[("periods", Dynamic), ("scores", Dynamic)]),
];

/// The functions that look for a period themselves where none is given, and where it would be given.
const DETECTS_PERIOD: &[(&str, usize)] = &[
    ("series_decompose", 1),
    ("series_decompose_anomalies", 2),
    ("series_decompose_forecast", 2),
    ("series_seasonal", 1),
];

fn columns_of(function: &str) -> Option<Columns> {
    TUPLES.iter().find(|(name, _)| *name == function).map(|(_, columns)| *columns)
}

/// A member of a bag; `left_slope` lies in the bag `left`.
fn member(bag: Expr, name: &str, scalar_type: ScalarType, binder: &mut Binder<'_>) -> Expr {
    let of = |bag, name: &str| Expr::call("engine:dynamic_index", vec![bag, Expr::string(name)], Dynamic);
    let found = match name.split_once('_') {
        Some((side @ ("left" | "right"), inner)) => of(of(bag, side), inner),
        _ => of(bag, name),
    };
    binder.cast(found, scalar_type)
}

impl Binder<'_> {
    /// The first column of a function that gives several; any other call as it is.
    pub fn first_of_tuple(&mut self, function: &str, call: Expr) -> Expr {
        match columns_of(function).and_then(|columns| columns.first()) {
            Some((name, scalar_type)) if !call.is_unknown() => member(call, name, *scalar_type, self),
            _ => call,
        }
    }

    /// Says that a period is found in this program's own way.
    pub fn warn_of_period(&mut self, function: &syntax::Name, arguments: &[Expr]) {
        let Some((_, place)) = DETECTS_PERIOD.iter().find(|(name, _)| *name == function.text) else { return };
        let given = arguments.get(*place).and_then(Expr::as_constant);
        if given.is_some_and(|period| !matches!(period, crate::schema::Value::Long(-1) | crate::schema::Value::Int(-1)))
        {
            return;
        }
        self.diagnostics.push(
            Diagnostic::warning(
                "period-found-here",
                function.span,
                format!("{}() finds the period by autocorrelation; the service may find another", function.text),
            )
            .with_help("give the period in bins (0 for none) to have the same everywhere"),
        );
    }

    /// The columns that one item of extend or project gives, with their names.
    pub fn item_columns(&mut self, item: &NamedExpr, names: &mut Names, context: &mut Context) -> Vec<(String, Expr)> {
        if let Some(columns) = self.tuple_columns(item, names, context) {
            return columns;
        }
        let expr = self.scalar(&item.value, context);
        let name = match item.names.as_slice() {
            [] => match self.result_name(&item.value) {
                Some(name) => names.unique(&name),
                None => names.next_unnamed(),
            },
            [name] => {
                names.claim(&name.text);
                name.text.clone()
            }
            [name, second, ..] => {
                self.error("several-names", second.span, "this expression gives one value, and so takes one name");
                name.text.clone()
            }
        };
        vec![(name, expr)]
    }

    /// The columns of a function that gives several, `None` for any other item.
    pub fn tuple_columns(
        &mut self,
        item: &NamedExpr,
        names: &mut Names,
        context: &mut Context,
    ) -> Option<Vec<(String, Expr)>> {
        let mut value = &item.value;
        while let syntax::ExprKind::Parenthesised(inner) = &value.kind {
            value = inner;
        }
        let syntax::ExprKind::Call { function, arguments } = &value.kind else { return None };
        if self.scope.get(&function.text).is_some() {
            return None;
        }
        if let "array_sort_asc" | "array_sort_desc" = function.text.as_str() {
            return self.sorted_columns(item, function, arguments, names, context);
        }
        let columns = columns_of(&function.text)?;
        let bag = self.call_of_registry(function, arguments, value.span, context);
        let bag = match &mut context.windows {
            Some(windows) if !bag.is_unknown() => {
                let id = self.new_column();
                windows.push((id, bag));
                Expr::new(ExprKind::Column(id), Dynamic)
            }
            _ => bag,
        };
        if let Some(extra) = item.names.get(columns.len()) {
            self.error("several-names", extra.span, format!("{}() gives {} columns", function.text, columns.len()));
        }
        let argument = arguments.first().and_then(|first| self.result_name(&first.value)).unwrap_or_default();
        let found = columns.iter().enumerate().map(|(place, (column, scalar_type))| {
            let name = match item.names.get(place) {
                Some(name) => {
                    names.claim(&name.text);
                    name.text.clone()
                }
                None => names.unique(&format!("{}_{argument}_{column}", function.text)),
            };
            let expr = if bag.is_unknown() { Expr::unknown() } else { member(bag.clone(), column, *scalar_type, self) };
            (name, expr)
        });
        Some(found.collect())
    }

    /// The columns of arrays sorted alone or together: `a_sorted`, `b_sorted`.
    fn sorted_columns(
        &mut self,
        item: &NamedExpr,
        function: &syntax::Name,
        arguments: &[Argument],
        names: &mut Names,
        context: &mut Context,
    ) -> Option<Vec<(String, Expr)>> {
        if self.diagnostics.iter().any(Diagnostic::is_error) {
            return None;
        }
        let bound: Vec<Expr> = arguments.iter().map(|argument| self.scalar(&argument.value, context)).collect();
        let sorted = match super::calls::sorted_arrays(&function.text, &bound) {
            Some(sorted) => sorted,
            None if item.names.len() < 2 && !bound.iter().any(|argument| self.is_unknown_column(argument)) => {
                self.result_name(&arguments.first()?.value)?;
                vec![self.registered(&function.text, bound, item.value.span)]
            }
            None => return None,
        };
        let found = sorted.into_iter().zip(arguments).enumerate().map(|(place, (expr, argument))| {
            let name = match item.names.get(place) {
                Some(name) => {
                    names.claim(&name.text);
                    name.text.clone()
                }
                None => match self.result_name(&argument.value) {
                    Some(name) => names.unique(&format!("{name}_sorted")),
                    None => names.unique(&format!("array{place}_sorted")),
                },
            };
            (name, expr)
        });
        Some(found.collect())
    }
}
