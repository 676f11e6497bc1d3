//! Binding `evaluate ipv4_lookup`: rows joined with the networks that hold their address.
//!
//! A join of this engine is on equal keys, so every row meets every network and those that hold it are kept; a row
//! that none holds comes from an anti join on the row's number.

use super::binder::{Binder, Context};
use super::tree::{Expr, ExprKind, Field, JoinKind, NodeId};
use crate::kql::span::Span;
use crate::kql::syntax::{self, Argument, Literal, LiteralValue};
use crate::schema::ScalarType;

impl Binder<'_> {
    /// `ipv4_lookup(table, address, network [, more keys…] [, return_unmatched])`.
    pub fn ipv4_lookup(
        &mut self,
        input: NodeId,
        table: &Argument,
        address: &Argument,
        network: &Argument,
        rest: &[Argument],
        span: Span,
    ) -> NodeId {
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
                self.error("lookup-column", span, "ipv4_lookup wants a column of addresses and one of networks");
            }
            return self.unknown_table(span);
        };
        let (address_place, key_place) = (self.place(input, *address_id), self.place(networks, *key_id));
        let (Some(address_place), Some(key_place)) = (address_place, key_place) else {
            return self.unknown_table(span);
        };
        let width = self.fields(input).len();
        let (numbered, number) = self.numbered(input, span);
        let number = Field { id: number, name: "$row".to_owned(), scalar_type: ScalarType::Long };
        let mut fields = self.fields(input).to_vec();
        fields.push(number.clone());
        let rows = self.projection(numbered, fields, Vec::new(), span, "ipv4_lookup");
        pairs.push((Expr::long(1), Expr::long(1)));
        let joined = self.join_node(JoinKind::Inner, rows, networks, pairs, &[], span, "ipv4_lookup");
        let all = self.fields(joined).to_vec();
        let (Some(address), Some(row), Some(key)) =
            (all.get(address_place), all.get(width), all.get(width + 1 + key_place))
        else {
            return self.unknown_table(span);
        };
        let holds = self.registered("ipv4_is_in_range", vec![Expr::column(address), Expr::column(key)], span);
        if holds.is_unknown() {
            return self.unknown_table(span);
        }
        let matched = self.filter_by(joined, holds, span, "ipv4_lookup");
        let row = row.clone();
        let shown: Vec<Field> = all.iter().filter(|field| field.id != row.id).cloned().collect();
        let found = self.projection(matched, shown.clone(), Vec::new(), span, "ipv4_lookup");
        if !keeps_unmatched {
            return found;
        }
        let same_row = vec![(Expr::column(&number), Expr::column(&row))];
        let left = self.join_node(JoinKind::LeftAnti, rows, matched, same_row, &[], span, "ipv4_lookup");
        let mut fields: Vec<Field> = self.fields(left).iter().take(width).cloned().collect();
        let mut computed = Vec::new();
        for field in shown.iter().skip(width) {
            let empty = self.new_field(field.name.as_str(), field.scalar_type);
            computed.push((empty.id, Expr::null(field.scalar_type)));
            fields.push(empty);
        }
        let unmatched = self.projection(left, fields, computed, span, "ipv4_lookup");
        self.union_node(&[(found, None), (unmatched, None)], false, None, "ipv4_lookup", span)
    }

    fn place(&self, node: NodeId, id: super::tree::ColumnId) -> Option<usize> {
        self.fields(node).iter().position(|field| field.id == id)
    }
}
