//! A host that runs processes and is watched: each act adds the record that Defender would send for it, with what it
//! says of the acting process, its parent and its grandparent.

use std::rc::Rc;

use serde_json::{Map, Value, json};

pub use super::actor::{Account, LOCAL_SERVICE, NETWORK_SERVICE, Process, SYSTEM_ACCOUNT};
use super::images::{Hashes, Image, digest};
use super::random::Random;
use super::record::{Record, SECOND, Schema, Ticks, UnknownName};

/// Points at the record of one act, to say later that a rule must match it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act(usize);

/// A registry value and what it was before.
pub struct RegistryValue<'a> {
    pub key: &'a str,
    pub kind: &'a str,
    pub name: &'a str,
    pub data: &'a str,
    pub previous: &'a str,
}

/// The other end of a connection.
pub struct Remote<'a> {
    pub address: &'a str,
    pub port: i64,
    pub url: &'a str,
}

pub struct Host {
    name: String,
    address: &'static str,
    device_id: String,
    pub random: Random,
    records: Vec<(Act, Record)>,
    running: Vec<Rc<Process>>,
    next_process: i64,
    next_unique: i64,
    /// How many numbers the names of documents, logs and the like are made from.
    pub variety: i64,
}

impl Host {
    pub fn new(name: &str, address: &'static str, seed: u64) -> Self {
        Host {
            name: name.to_owned(),
            address,
            device_id: digest("device", name).chars().take(40).collect(),
            random: Random::new(seed),
            records: Vec::new(),
            running: Vec::new(),
            next_process: 300,
            next_unique: 25_000 << 32,
            variety: 4_000,
        }
    }

    pub fn running(&self, image: &Image) -> Vec<Rc<Process>> {
        self.running.iter().filter(|process| std::ptr::eq(process.image, image)).cloned().collect()
    }

    /// A process that ran before the records begin.
    pub fn already_running(
        &mut self,
        created: Ticks,
        image: &'static Image,
        command_line: &str,
        account: &'static Account,
        parent: Option<&Rc<Process>>,
    ) -> Rc<Process> {
        self.next_process += 4 * self.random.between(1, 14);
        self.next_unique += self.random.between(1, 6);
        let process = Rc::new(Process {
            image,
            command_line: command_line.to_owned(),
            account,
            created,
            // The kernel is process 4 on every Windows.
            id: if parent.is_none() { 4 } else { self.next_process },
            unique_id: self.next_unique,
            parent: parent.cloned(),
        });
        self.running.push(Rc::clone(&process));
        process
    }

    /// Starts a process under the account of its parent.
    pub fn start(
        &mut self,
        at: Ticks,
        parent: &Rc<Process>,
        image: &'static Image,
        command_line: &str,
    ) -> (Act, Rc<Process>) {
        self.start_as(at, parent, image, command_line, parent.account)
    }

    pub fn start_as(
        &mut self,
        at: Ticks,
        parent: &Rc<Process>,
        image: &'static Image,
        command_line: &str,
        account: &'static Account,
    ) -> (Act, Rc<Process>) {
        let created = at + self.random.between(0, 9_999);
        let process = self.already_running(created, image, command_line, account, Some(parent));
        // The sensor reports a process a little after it was created.
        let seen = created + self.random.between(3_000, 40_000);
        let record = with_file(Record::new("DeviceProcessEvents", seen), image.path, &image.hashes())
            .set("ActionType", "ProcessCreated")
            .set("ProcessVersionInfoCompanyName", image.company)
            .set("ProcessVersionInfoProductName", image.product)
            .set("ProcessVersionInfoProductVersion", image.version)
            .set("ProcessVersionInfoInternalFileName", image.internal_name())
            .set("ProcessVersionInfoOriginalFileName", image.original_name)
            .set("ProcessVersionInfoFileDescription", image.description)
            .set("ProcessId", process.id)
            .set("ProcessUniqueId", process.unique_id.to_string())
            .set("ProcessCommandLine", command_line)
            .set("ProcessIntegrityLevel", account.integrity)
            .set("ProcessTokenElevation", account.elevation)
            .set_time("ProcessCreationTime", created)
            .set("AccountDomain", account.domain.to_lowercase())
            .set("AccountName", account.name.to_lowercase())
            .set("AccountSid", account.sid)
            .set("AccountUpn", account.principal())
            .set("AccountObjectId", account.object_id())
            .set("LogonId", account.logon_id)
            .set("CreatedProcessSessionId", account.session)
            .set("IsProcessRemoteSession", account.session > 1);
        (self.emit(record, parent), process)
    }

    pub fn file(&mut self, at: Ticks, actor: &Rc<Process>, action: &str, path: &str) -> Act {
        self.file_with(at, actor, action, path, Map::new())
    }

    pub fn file_with(
        &mut self,
        at: Ticks,
        actor: &Rc<Process>,
        action: &str,
        path: &str,
        origin: Map<String, Value>,
    ) -> Act {
        let mut record = with_file(Record::new("DeviceFileEvents", at), path, &Hashes::of(path))
            .set("ActionType", action)
            .set("IsAzureInfoProtectionApplied", false)
            .set("RequestAccountName", actor.account.name)
            .set("RequestAccountDomain", actor.account.domain)
            .set("RequestAccountSid", actor.account.sid);
        if let Some(url) = origin.get("url").and_then(Value::as_str) {
            record = record.set("FileOriginUrl", url);
        }
        if let Some(previous) = origin.get("previous").and_then(Value::as_str) {
            record = record
                .set("PreviousFileName", previous.rsplit('\\').next().unwrap_or(previous))
                .set("PreviousFolderPath", previous);
        }
        self.emit(record, actor)
    }

    pub fn registry(&mut self, at: Ticks, actor: &Rc<Process>, action: &str, value: &RegistryValue<'_>) -> Act {
        let mut record = Record::new("DeviceRegistryEvents", at)
            .set("ActionType", action)
            .set("RegistryKey", value.key)
            .set("RegistryValueType", value.kind)
            .set("RegistryValueName", value.name)
            .set("RegistryValueData", value.data);
        if !value.previous.is_empty() {
            record = record
                .set("PreviousRegistryKey", value.key)
                .set("PreviousRegistryValueName", value.name)
                .set("PreviousRegistryValueData", value.previous);
        }
        self.emit(record, actor)
    }

    pub fn connect(&mut self, at: Ticks, actor: &Rc<Process>, action: &str, remote: &Remote<'_>) -> Act {
        let inbound = action.starts_with("Inbound");
        let local_port = if inbound { remote.port } else { self.random.between(49_700, 65_400) };
        let remote_port = if inbound { self.random.between(49_700, 65_400) } else { remote.port };
        let record = Record::new("DeviceNetworkEvents", at)
            .set("ActionType", action)
            .set("RemoteIP", remote.address)
            .set("RemotePort", remote_port)
            .set("RemoteUrl", remote.url)
            .set("LocalIP", self.address)
            .set("LocalPort", local_port)
            .set("Protocol", "Tcp")
            .set("LocalIPType", address_type(self.address))
            .set("RemoteIPType", address_type(remote.address));
        self.emit(record, actor)
    }

    pub fn load(&mut self, at: Ticks, actor: &Rc<Process>, library: &'static Image) -> Act {
        let record = with_file(Record::new("DeviceImageLoadEvents", at), library.path, &library.hashes())
            .set("ActionType", "ImageLoaded");
        self.emit(record, actor)
    }

    /// A logon: `remote` is the address it came from, where it came from elsewhere.
    pub fn logon(
        &mut self,
        at: Ticks,
        actor: &Rc<Process>,
        kind: &str,
        account: &Account,
        remote: Option<&Remote<'_>>,
    ) -> Act {
        let mut record = Record::new("DeviceLogonEvents", at)
            .set("ActionType", "LogonSuccess")
            .set("LogonType", kind)
            .set("AccountDomain", account.domain.to_lowercase())
            .set("AccountName", account.name.to_lowercase())
            .set("AccountSid", account.sid)
            .set("Protocol", if kind == "Network" { "Kerberos" } else { "Negotiate" })
            .set("IsLocalAdmin", account.elevation == "TokenElevationTypeFull")
            .set("LogonId", account.logon_id)
            .set_additional(json!({"IsLocalLogon": remote.is_none()}));
        if let Some(remote) = remote {
            record = with_remote(record, remote);
        }
        self.emit(record, actor)
    }

    /// A logon to SQL Server, as the server itself reports it: event 18456 where it failed, 18454 where not.
    pub fn sql_logon(
        &mut self,
        at: Ticks,
        server: &Rc<Process>,
        name: &str,
        remote: &Remote<'_>,
        failure: &str,
    ) -> Act {
        let record = Record::new("DeviceLogonEvents", at)
            .set("ActionType", if failure.is_empty() { "LogonSuccess" } else { "LogonFailed" })
            .set("LogonType", "Network")
            .set("AccountName", name)
            .set("Protocol", "MSSQL")
            .set("FailureReason", failure)
            .set_additional(
                json!({"EventId": if failure.is_empty() { 18454 } else { 18456 }, "Provider": "MSSQLSERVER"}),
            );
        self.emit(with_remote(record, remote), server)
    }

    /// An event of the mixed table.
    pub fn other(&mut self, at: Ticks, actor: &Rc<Process>, action: &str, additional: Value) -> Act {
        let record = Record::new("DeviceEvents", at).set("ActionType", action).set_additional(additional);
        self.emit(record, actor)
    }

    /// What the host says of itself once a day.
    pub fn describe(&mut self, at: Ticks, public_address: &str) -> Act {
        let record = Record::new("DeviceInfo", at)
            .set("ClientVersion", "10.8807.20348.2849")
            .set("PublicIP", public_address)
            .set("OSArchitecture", "64-bit")
            .set("OSPlatform", "WindowsServer2022")
            .set("OSBuild", 20_348)
            .set("OSVersion", "10.0")
            .set("OSVersionInfo", "21H2")
            .set("IsAzureADJoined", false)
            .set("JoinType", "Domain Joined")
            .set("MachineGroup", "Servers")
            .set("OnboardingStatus", "Onboarded")
            .set("DeviceCategory", "Endpoint")
            .set("DeviceType", "Server")
            .set("SensorHealthState", "Active")
            .set("ExposureLevel", "Medium")
            .set("AssetValue", "Normal")
            .set("IsInternetFacing", false)
            .set("ConnectivityType", "Streamlined");
        self.add(record)
    }

    fn add(&mut self, record: Record) -> Act {
        let act = Act(self.records.len());
        let record = record.set("DeviceId", self.device_id.clone()).set("DeviceName", self.name.clone());
        self.records.push((act, record));
        act
    }

    fn emit(&mut self, mut record: Record, actor: &Rc<Process>) -> Act {
        record.time += self.random.between(0, 9_999);
        actor.describe(&mut record);
        self.add(record)
    }

    /// The rows in the order of time, numbered, and the number of each act.
    pub fn finish(mut self, schema: &Schema) -> Result<(Vec<Map<String, Value>>, ReportIds), UnknownName> {
        self.records.sort_by_key(|(act, record)| (record.time, act.0));
        let mut rows = Vec::new();
        let mut reports = vec![0; self.records.len()];
        let mut report = self.random.between(10_000, 20_000);
        for (act, record) in self.records {
            report += self.random.between(1, 9);
            if let Some(place) = reports.get_mut(act.0) {
                *place = report;
            }
            rows.push(record.set("ReportId", report).into_row(schema)?);
        }
        Ok((rows, ReportIds(reports)))
    }
}

/// The `ReportId` each act got.
pub struct ReportIds(Vec<i64>);

impl ReportIds {
    pub fn of(&self, act: Act) -> i64 {
        self.0.get(act.0).copied().unwrap_or_default()
    }
}

fn with_file(record: Record, path: &str, hashes: &Hashes) -> Record {
    // Real exports hold the whole path in FolderPath, whatever the column's name says.
    record
        .set("FileName", path.rsplit('\\').next().unwrap_or(path))
        .set("FolderPath", path)
        .set("SHA1", hashes.sha1.clone())
        .set("SHA256", hashes.sha256.clone())
        .set("MD5", hashes.md5.clone())
        .set("FileSize", hashes.size)
}

fn with_remote(record: Record, remote: &Remote<'_>) -> Record {
    record
        .set("RemoteIP", remote.address)
        .set("RemotePort", remote.port)
        .set("RemoteIPType", address_type(remote.address))
        .set("RemoteDeviceName", remote.url)
}

fn address_type(address: &str) -> &'static str {
    if address.starts_with("127.") {
        "Loopback"
    } else if address.starts_with("10.") || address.starts_with("192.168.") {
        "Private"
    } else {
        "Public"
    }
}

/// Seconds from the start of a day, as ticks.
pub const fn clock(day: Ticks, hour: i64, minute: i64, second: i64) -> Ticks {
    day + (hour * 3_600 + minute * 60 + second) * SECOND
}
