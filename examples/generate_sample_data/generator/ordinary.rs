//! What a Windows server does all day when nobody attacks it: it boots, people log on, and its programs follow their
//! [`habits`](super::habits). Which and when, the host decides by its seed.

use std::rc::Rc;

use serde_json::json;

use super::habits::{connect_somewhere, load_something, set_something, start_something, write_something};
use super::host::{Account, Host, LOCAL_SERVICE, NETWORK_SERVICE, Process, Remote, SYSTEM_ACCOUNT};
use super::images;
use super::record::{MILLISECOND, SECOND, Ticks};

/// What kinds of acts there are.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Start,
    Write,
    Set,
    Connect,
    Load,
    Arrive,
    Note,
}

/// How many of a hundred acts are of each kind.
pub struct Mix(pub &'static [(i64, Kind)]);

/// As a server's own records are mixed.
pub const ORDINARY: Mix = Mix(&[
    (24, Kind::Start),
    (26, Kind::Write),
    (17, Kind::Set),
    (18, Kind::Connect),
    (8, Kind::Load),
    (5, Kind::Arrive),
    (2, Kind::Note),
]);

impl Mix {
    fn choose(&self, hundredth: i64) -> Kind {
        let mut left = hundredth;
        for (share, kind) in self.0 {
            left -= share;
            if left < 0 {
                return *kind;
            }
        }
        Kind::Note
    }
}

/// The processes that everything else hangs from.
pub struct Booted {
    pub services: Rc<Process>,
    pub lsass: Rc<Process>,
    winlogon: Rc<Process>,
    system: Rc<Process>,
}

const SERVICE_GROUPS: &[(&str, &Account)] = &[
    (r"C:\Windows\system32\svchost.exe -k DcomLaunch -p", &SYSTEM_ACCOUNT),
    (r"C:\Windows\system32\svchost.exe -k RPCSS -p", &NETWORK_SERVICE),
    (r"C:\Windows\system32\svchost.exe -k netsvcs -p -s Schedule", &SYSTEM_ACCOUNT),
    (r"C:\Windows\system32\svchost.exe -k netsvcs -p -s Winmgmt", &SYSTEM_ACCOUNT),
    (r"C:\Windows\system32\svchost.exe -k netsvcs -p -s wuauserv", &SYSTEM_ACCOUNT),
    (r"C:\Windows\system32\svchost.exe -k LocalService -p", &LOCAL_SERVICE),
    (r"C:\Windows\system32\svchost.exe -k NetworkService -p -s Dnscache", &NETWORK_SERVICE),
];

/// Boots the host: the system processes with their parents, each with its event.
pub fn boot(host: &mut Host, at: Ticks) -> Booted {
    let system = host.already_running(at, &images::SYSTEM, "", &SYSTEM_ACCOUNT, None);
    let step = |number: i64| at + number * 230 * MILLISECOND;
    let (_, manager) = host.start(step(1), &system, &images::SMSS, r"\SystemRoot\System32\smss.exe");
    let (_, wininit) = host.start(step(6), &manager, &images::WININIT, "wininit.exe");
    let (_, winlogon) = host.start(step(7), &manager, &images::WINLOGON, "winlogon.exe");
    host.start(step(8), &manager, &images::CSRSS, r"%SystemRoot%\system32\csrss.exe ObjectDirectory=\Windows SharedSection=1024,20480,768 Windows=On SubSystemType=Windows ServerDll=basesrv,1 ServerDll=winsrv:UserServerDllInitialization,3 ServerDll=sxssrv,4 ProfileControl=Off MaxRequestThreads=16");
    let (_, services) = host.start(step(9), &wininit, &images::SERVICES, r"C:\Windows\system32\services.exe");
    let (_, lsass) = host.start(step(10), &wininit, &images::LSASS, r"C:\Windows\system32\lsass.exe");
    for (number, (command_line, account)) in (14..).zip(SERVICE_GROUPS) {
        host.start_as(step(number), &services, &images::SVCHOST, command_line, account);
    }
    host.start(step(30), &services, &images::SPOOLSV, r"C:\Windows\System32\spoolsv.exe");
    host.start(step(32), &services, &images::MSMPENG, &format!("\"{}\"", images::MSMPENG.path));
    host.start(step(33), &services, &images::SENSE, &format!("\"{}\"", images::SENSE.path));
    Booted { services, lsass, winlogon, system }
}

impl Booted {
    /// Somebody logs on from another machine and gets a desktop.
    pub fn log_on(&self, host: &mut Host, at: Ticks, account: &'static Account, from: &Remote<'_>) -> Rc<Process> {
        host.logon(at, &self.lsass, "RemoteInteractive", account, Some(from));
        let (_, userinit) = host.start_as(
            at + 2 * SECOND,
            &self.winlogon,
            &images::USERINIT,
            r"C:\Windows\system32\userinit.exe",
            account,
        );
        let (_, explorer) =
            host.start(at + 2 * SECOND + 310 * MILLISECOND, &userinit, &images::EXPLORER, r"C:\Windows\Explorer.EXE");
        host.start_as(at + 3 * SECOND, &self.winlogon, &images::RDPCLIP, "rdpclip", account);
        explorer
    }

    /// Fills the time with `count` ordinary acts between `from` and `to`.
    pub fn fill(&self, host: &mut Host, from: Ticks, to: Ticks, count: i64, mix: &Mix) {
        for number in 0..count {
            let slot = (to - from) / count.max(1);
            let at = from + slot * number + host.random.between(0, slot.max(1) - 1);
            match mix.choose(host.random.between(0, 99)) {
                Kind::Start => start_something(host, at),
                Kind::Write => write_something(host, at),
                Kind::Set => set_something(host, at),
                Kind::Connect => connect_somewhere(host, at),
                Kind::Load => load_something(host, at),
                Kind::Arrive => self.arrive(host, at),
                Kind::Note => self.note_something(host, at),
            }
        }
    }

    /// A machine account or a service logs on over the network.
    fn arrive(&self, host: &mut Host, at: Ticks) {
        let choices = [
            ("10.20.0.11", "dc01.corp.example"),
            ("10.20.4.30", "backup01.corp.example"),
            ("10.20.4.9", "mon01.corp.example"),
        ];
        let Some((address, name)) = host.random.pick(&choices).copied() else { return };
        if name.starts_with("dc01") {
            host.logon(at, &self.services, "Service", &SYSTEM_ACCOUNT, None);
        } else {
            let port = host.random.between(49_700, 65_400);
            host.logon(at, &self.system, "Network", &MONITORING, Some(&Remote { address, port, url: name }));
        }
    }

    fn note_something(&self, host: &mut Host, at: Ticks) {
        let defender = host.running(&images::MSMPENG);
        match (host.random.between(0, 2), defender.first()) {
            (0, Some(defender)) => {
                host.other(
                    at,
                    defender,
                    "AntivirusScanCompleted",
                    json!({"ScanTypeIndex": "Quick", "User": "NT AUTHORITY\\SYSTEM"}),
                );
            }
            (1, _) => {
                let additional = json!({"PipeName": "\\Device\\NamedPipe\\lsass", "FileOperation": "File opened", "RemoteClientsAccess": "AcceptRemote"});
                host.other(at, &self.lsass, "NamedPipeEvent", additional);
            }
            _ => {
                let task = r"\Microsoft\Windows\UpdateOrchestrator\Schedule Scan";
                host.other(at, &self.services, "ScheduledTaskUpdated", json!({"TaskName": task}));
            }
        }
    }
}

static MONITORING: Account = Account {
    domain: "CORP",
    name: "svc_monitor",
    sid: "S-1-5-21-1757981266-1645522239-839522115-2207",
    integrity: "High",
    elevation: "TokenElevationTypeFull",
    logon_id: 5_204_118,
    session: 0,
};
