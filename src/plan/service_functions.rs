//! Functions of the service that can be said in KQL over local tables.
//!
//! What they give is documented with advanced hunting (<https://learn.microsoft.com/defender-xdr/advanced-hunting-overview>).

use std::rc::Rc;

use super::binder::Binder;
use super::library::Library;
use super::scope::{Scope, UserFunction};
use crate::kql::span::Span;

/// The functions, as expressions.
const FUNCTIONS: &[(&str, &str)] = &[
    (
        "AssignedIPAddresses",
        "(x:string, y:datetime=datetime(null)) {
            DeviceNetworkInfo
            | where DeviceId =~ x or DeviceName =~ x
            | where isnull(y) or Timestamp <= y
            | summarize arg_max(Timestamp, *) by NetworkAdapterName
            | mv-expand Assigned = parse_json(IPAddresses)
            | extend IPAddress = tostring(Assigned.IPAddress)
            | where isnotempty(IPAddress)
            | project Timestamp, IPAddress, IPType = iff(ipv4_is_private(IPAddress), 'Private', 'Public'),
                NetworkAdapterType, ConnectedNetworks
        }",
    ),
    (
        "DeviceFromIP",
        "(x:string, y:datetime=datetime(null)) {
            DeviceNetworkInfo
            | where isnull(y) or Timestamp <= y
            | summarize arg_max(Timestamp, *) by DeviceId, NetworkAdapterName
            | mv-expand Assigned = parse_json(IPAddresses)
            | where tostring(Assigned.IPAddress) == x
            | distinct IP = x, DeviceId
        }",
    ),
    // Which devices saw a device is known to the service alone.
    ("SeenBy", "(T:(*)) { T | extend SeenBy = '' }"),
];

impl Binder<'_> {
    /// A function of the service, where its name is one.
    pub fn service_function(&mut self, name: &str, span: Span) -> Option<Rc<UserFunction>> {
        let (_, text) = FUNCTIONS.iter().find(|(known, _)| *known == name)?;
        let mut library = Library::default();
        library.add_file(name, &format!("let {name} = {text};")).ok()?;
        let saved = library.functions.remove(name)?;
        if name == "SeenBy" {
            self.warning("no-discovery-data", span, "no discovery data is configured; SeenBy is empty");
        }
        let scope = Rc::new(Scope::default());
        Some(Rc::new(UserFunction {
            parameters: saved.parameters,
            body: saved.body,
            scope,
            is_saved: true,
            is_view: false,
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_function_can_be_read() {
        for (name, text) in FUNCTIONS {
            let mut library = Library::default();
            library.add_file(name, &format!("let {name} = {text};")).unwrap();
            assert!(library.functions.contains_key(*name));
        }
    }
}
