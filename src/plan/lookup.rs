//! Binding `evaluate ipv4_lookup` and `ipv6_lookup`: rows joined with the networks that hold their address.
//!
//! A join of this engine is on equal keys, so every row meets every network and those that hold it are kept; a row
//! that none holds comes from an anti join on the row's number.

use super::binder::{Binder, Context};
use super::tree::{Expr, ExprKind, Field, JoinKind, NodeId};
use crate::kql::span::Span;
use crate::kql::syntax::{self, Argument, Literal, LiteralValue};
use crate::schema::ScalarType;

/// The plugins, and what says whether a network holds an address.
const LOOKUPS: &[(&str, &str)] = &[("ipv4_lookup", "ipv4_is_in_range"), ("ipv6_lookup", "ipv6_is_in_range")];

impl Binder<'_> {
    /// `ipv4_lookup(table, address, network [, more keys…] [, return_unmatched])`; `None` where it is no such plugin.
    pub fn network_lookup(
        &mut self,
        input: NodeId,
        plugin: &str,
        arguments: &[Argument],
        span: Span,
    ) -> Option<NodeId> {
        let (label, is_in_range) = LOOKUPS.iter().find(|(name, _)| *name == plugin)?;
        let [table, address, network, rest @ ..] = arguments else { return None };
        let found = self.rows_in_networks(input, (label, is_in_range), [table, address, network], rest, span);
        Some(found.unwrap_or_else(|| self.unknown_table(span)))
    }

    fn rows_in_networks(
        &mut self,
        input: NodeId,
        (label, is_in_range): (&str, &str),
        [table, address, network]: [&Argument; 3],
        rest: &[Argument],
        span: Span,
    ) -> Option<NodeId> {
        let networks = self.table(&table.value);
        let mut keeps_unmatched = false;
        let mut pairs = Vec::new();
        for argument in rest {
            match &argument.value.kind {
                syntax::ExprKind::Literal(Literal { value: LiteralValue::Bool(Some(value)), .. }) => {
                    keeps_unmatched = *value;
                }
                _ => {
                    let first = self.scalar(&argument.value, &mut Context::rows(input));
                    let second = self.scalar(&argument.value, &mut Context::rows(networks));
                    pairs.push((first, second));
                }
            }
        }
        let address = self.scalar(&address.value, &mut Context::rows(input));
        let key = self.scalar(&network.value, &mut Context::rows(networks));
        let (ExprKind::Column(address_id), ExprKind::Column(key_id)) = (&address.kind, &key.kind) else {
            if !self.is_unknown_column(&address) && !self.is_unknown_column(&key) {
                let message = format!("{label} wants a column of addresses and one of networks");
                self.error("lookup-column", span, message);
            }
            return None;
        };
        let (address_place, key_place) = (self.place(input, *address_id)?, self.place(networks, *key_id)?);
        let width = self.fields(input).len();
        let (numbered, number) = self.numbered(input, span);
        let number = Field { id: number, name: "$row".to_owned(), scalar_type: ScalarType::Long };
        let mut fields = self.fields(input).to_vec();
        fields.push(number.clone());
        let rows = self.projection(numbered, fields, Vec::new(), span, label);
        pairs.push((Expr::long(1), Expr::long(1)));
        let joined = self.join_node(JoinKind::Inner, rows, networks, pairs, &[], span, label);
        let all = self.fields(joined).to_vec();
        let (address, row, key) = (all.get(address_place)?, all.get(width)?, all.get(width + 1 + key_place)?);
        let holds = self.registered(is_in_range, vec![Expr::column(address), Expr::column(key)], span);
        if holds.is_unknown() {
            return None;
        }
        let matched = self.filter_by(joined, holds, span, label);
        let row = row.clone();
        let shown: Vec<Field> = all.iter().filter(|field| field.id != row.id).cloned().collect();
        let found = self.projection(matched, shown.clone(), Vec::new(), span, label);
        if !keeps_unmatched {
            return Some(found);
        }
        let same_row = vec![(Expr::column(&number), Expr::column(&row))];
        let left = self.join_node(JoinKind::LeftAnti, rows, matched, same_row, &[], span, label);
        let mut fields: Vec<Field> = self.fields(left).iter().take(width).cloned().collect();
        let mut computed = Vec::new();
        for field in shown.iter().skip(width) {
            let empty = self.new_field(field.name.as_str(), field.scalar_type);
            computed.push((empty.id, Expr::null(field.scalar_type)));
            fields.push(empty);
        }
        let unmatched = self.projection(left, fields, computed, span, label);
        Some(self.union_node(&[(found, None), (unmatched, None)], false, None, label, span))
    }

    fn place(&self, node: NodeId, id: super::tree::ColumnId) -> Option<usize> {
        self.fields(node).iter().position(|field| field.id == id)
    }
}
