//! Names that `let` and function parameters give: lexical scopes, innermost first.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::tree::{Expr, NodeId};
use crate::kql::syntax::{Parameter, Statement};

/// What a name stands for.
#[derive(Debug, Clone)]
pub enum Binding {
    Scalar(Expr),
    Table(NodeId),
    Function(Rc<UserFunction>),
}

/// A function of the query or of the environment, with the scope its body sees.
#[derive(Debug)]
pub struct UserFunction {
    pub parameters: Vec<Parameter>,
    pub body: Vec<Statement>,
    pub scope: Rc<Scope>,
    /// Whether its text is another than the query's.
    pub is_saved: bool,
    /// Written with `view`: wildcards mean it as they mean tables.
    pub is_view: bool,
}

#[derive(Debug, Default)]
pub struct Scope {
    names: RefCell<HashMap<String, Binding>>,
    parent: Option<Rc<Scope>>,
}

impl Scope {
    pub fn child(parent: &Rc<Scope>) -> Rc<Scope> {
        Rc::new(Scope { names: RefCell::default(), parent: Some(Rc::clone(parent)) })
    }

    pub fn set(&self, name: &str, binding: Binding) {
        self.names.borrow_mut().insert(name.to_owned(), binding);
    }

    pub fn get(&self, name: &str) -> Option<Binding> {
        match self.names.borrow().get(name) {
            Some(binding) => Some(binding.clone()),
            None => self.parent.as_ref().and_then(|parent| parent.get(name)),
        }
    }

    /// All names in sight.
    pub fn all_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.names.borrow().keys().cloned().collect();
        if let Some(parent) = &self.parent {
            names.extend(parent.all_names());
        }
        names
    }
}
