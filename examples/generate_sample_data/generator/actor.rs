//! Who acts: accounts and processes, and what every record says of the process behind it.

use std::rc::Rc;

use super::images::{Image, Publisher, digest};
use super::record::{Record, Ticks, time_text};

/// Who a process runs as.
#[derive(Debug)]
pub struct Account {
    pub domain: &'static str,
    pub name: &'static str,
    pub sid: &'static str,
    pub integrity: &'static str,
    pub elevation: &'static str,
    /// The logon session, 999 for the system itself.
    pub logon_id: i64,
    pub session: i64,
}

impl Account {
    /// Accounts of the directory have a principal name and an object id, those of the machine do not.
    fn is_of_directory(&self) -> bool {
        self.sid.starts_with("S-1-5-21-") && self.domain == "CORP"
    }

    pub fn principal(&self) -> String {
        if self.is_of_directory() { format!("{}@corp.example", self.name) } else { String::new() }
    }

    pub fn object_id(&self) -> String {
        if !self.is_of_directory() {
            return String::new();
        }
        let digits = digest("object", self.sid);
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
        format!("{}-{}-4{}-9{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }
}

const fn service(domain: &'static str, name: &'static str, sid: &'static str, logon_id: i64) -> Account {
    let (integrity, elevation, session) = ("System", "TokenElevationTypeDefault", 0);
    Account { domain, name, sid, integrity, elevation, logon_id, session }
}

pub static SYSTEM_ACCOUNT: Account = service("NT AUTHORITY", "SYSTEM", "S-1-5-18", 999);
pub static LOCAL_SERVICE: Account = service("NT AUTHORITY", "LOCAL SERVICE", "S-1-5-19", 997);
pub static NETWORK_SERVICE: Account = service("NT AUTHORITY", "NETWORK SERVICE", "S-1-5-20", 996);

#[derive(Debug)]
pub struct Process {
    pub image: &'static Image,
    pub command_line: String,
    pub account: &'static Account,
    pub created: Ticks,
    pub id: i64,
    pub unique_id: i64,
    pub parent: Option<Rc<Process>>,
}

impl Process {
    /// What a record says of the process that acted, its parent included.
    pub fn describe(&self, record: &mut Record) {
        let (image, account, hashes) = (self.image, self.account, self.image.hashes());
        let (signer, status) = match image.publisher {
            Publisher::Windows => ("OsVendor", "Valid"),
            Publisher::Microsoft | Publisher::Vendor(_) => ("Unknown", "Valid"),
            Publisher::Nobody => ("Unknown", "Unsigned"),
        };
        record.set_about_actor("InitiatingProcessFileName", image.file_name());
        record.set_about_actor("InitiatingProcessFolderPath", image.path);
        record.set_about_actor("InitiatingProcessCommandLine", self.command_line.clone());
        record.set_about_actor("InitiatingProcessId", self.id);
        record.set_about_actor("InitiatingProcessUniqueId", self.unique_id.to_string());
        record.set_about_actor("InitiatingProcessCreationTime", time_text(self.created));
        record.set_about_actor("InitiatingProcessSHA1", hashes.sha1);
        record.set_about_actor("InitiatingProcessSHA256", hashes.sha256);
        record.set_about_actor("InitiatingProcessMD5", hashes.md5);
        record.set_about_actor("InitiatingProcessFileSize", hashes.size);
        record.set_about_actor("InitiatingProcessVersionInfoCompanyName", image.company);
        record.set_about_actor("InitiatingProcessVersionInfoProductName", image.product);
        record.set_about_actor("InitiatingProcessVersionInfoProductVersion", image.version);
        record.set_about_actor("InitiatingProcessVersionInfoInternalFileName", image.internal_name());
        record.set_about_actor("InitiatingProcessVersionInfoOriginalFileName", image.original_name);
        record.set_about_actor("InitiatingProcessVersionInfoFileDescription", image.description);
        record.set_about_actor("InitiatingProcessSignerType", signer);
        record.set_about_actor("InitiatingProcessSignatureStatus", status);
        record.set_about_actor("InitiatingProcessAccountDomain", account.domain.to_lowercase());
        record.set_about_actor("InitiatingProcessAccountName", account.name.to_lowercase());
        record.set_about_actor("InitiatingProcessAccountSid", account.sid);
        record.set_about_actor("InitiatingProcessAccountUpn", account.principal());
        record.set_about_actor("InitiatingProcessAccountObjectId", account.object_id());
        record.set_about_actor("InitiatingProcessLogonId", account.logon_id);
        record.set_about_actor("InitiatingProcessIntegrityLevel", account.integrity);
        record.set_about_actor("InitiatingProcessTokenElevation", account.elevation);
        record.set_about_actor("InitiatingProcessSessionId", account.session);
        record.set_about_actor("IsInitiatingProcessRemoteSession", account.session > 1);
        if let Some(parent) = &self.parent {
            record.set_about_actor("InitiatingProcessParentFileName", parent.image.file_name());
            record.set_about_actor("InitiatingProcessParentId", parent.id);
            record.set_about_actor("InitiatingProcessParentCreationTime", time_text(parent.created));
        }
    }
}
