//! What the programs of a Windows server do by habit: one table a kind of act, each row a program and what it may do.

use std::rc::Rc;

use serde_json::{Map, json};

use super::host::{Account, Host, Process, RegistryValue, Remote};
use super::images::{self, Image, digest};
use super::record::{MILLISECOND, SECOND, Ticks};

/// `{n}` stands for a number, `{hex}` for eight digits, `{user}` for the account's name, `{sid}` for its SID.
fn fill_in(host: &mut Host, pattern: &str, account: &Account) -> String {
    let number = host.random.between(1, host.variety);
    pattern
        .replace("{n}", &number.to_string())
        .replace("{hex}", digest("name", &number.to_string()).get(..8).unwrap_or_default())
        .replace("{user}", account.name)
        .replace("{sid}", account.sid)
}

/// One of the rows whose program runs, with a process that runs it.
fn choose<'a, T>(host: &mut Host, rows: &'a [T], image: impl Fn(&T) -> &'static Image) -> Option<(&'a T, Rc<Process>)> {
    let possible: Vec<&T> = rows.iter().filter(|row| !host.running(image(row)).is_empty()).collect();
    let row = host.random.pick(&possible).copied()?;
    let actors = host.running(image(row));
    Some((row, Rc::clone(host.random.pick(&actors)?)))
}

struct Start(&'static Image, &'static Image, &'static str);

const STARTS: &[Start] = &[
    Start(&images::SVCHOST, &images::TASKHOSTW, "taskhostw.exe"),
    Start(
        &images::SVCHOST,
        &images::TASKHOSTW,
        "taskhostw.exe -RegisterDevice -ProtectionStateChanged -FreeNetworkOnly",
    ),
    Start(&images::SVCHOST, &images::WMIPRVSE, r"C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding"),
    Start(
        &images::SVCHOST,
        &images::DLLHOST,
        r"C:\Windows\system32\DllHost.exe /Processid:{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}",
    ),
    Start(&images::SVCHOST, &images::USOCLIENT, r"C:\Windows\system32\usoclient.exe StartScan"),
    Start(
        &images::SVCHOST,
        &images::COMPATTELRUNNER,
        r"C:\Windows\system32\compattelrunner.exe -m:appraiser.dll -f:DoScheduledTelemetryRun",
    ),
    Start(&images::SVCHOST, &images::GPUPDATE, r"C:\Windows\system32\gpupdate.exe /target:computer"),
    Start(&images::SERVICES, &images::SVCHOST, r"C:\Windows\system32\svchost.exe -k wsappx -p -s AppXSvc"),
    Start(&images::SERVICES, &images::SVCHOST, r"C:\Windows\System32\svchost.exe -k WerSvcGroup"),
    Start(
        &images::MSMPENG,
        &images::MPCMDRUN,
        "\"C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.26010.5-0\\MpCmdRun.exe\" SignatureUpdate -ScheduleJob -RestrictPrivileges",
    ),
    Start(
        &images::EXPLORER,
        &images::NOTEPAD,
        "\"C:\\Windows\\system32\\NOTEPAD.EXE\" C:\\Users\\{user}\\Documents\\notes-{n}.txt",
    ),
    Start(
        &images::EXPLORER,
        &images::EXCEL,
        "\"C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE\" \"C:\\Users\\{user}\\Documents\\Forecast {n}.xlsx\"",
    ),
    Start(
        &images::EXPLORER,
        &images::WINWORD,
        "\"C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE\" /n \"C:\\Users\\{user}\\Documents\\Minutes {n}.docx\"",
    ),
    Start(&images::EXPLORER, &images::CMD, "\"C:\\Windows\\system32\\cmd.exe\" "),
    Start(
        &images::EDGE,
        &images::EDGE,
        "\"C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe\" --type=renderer --lang=en-US --renderer-client-id={n}",
    ),
];

pub fn start_something(host: &mut Host, at: Ticks) {
    let Some((row, parent)) = choose(host, STARTS, |row| row.0) else { return };
    let command_line = fill_in(host, row.2, parent.account);
    let (_, process) = host.start(at, &parent, row.1, &command_line);
    if std::ptr::eq(row.1, &raw const images::CMD) {
        host.start(at + 12 * MILLISECOND, &process, &images::CONHOST, r"\??\C:\Windows\system32\conhost.exe 0x4");
        host.start(at + 41 * SECOND, &process, &images::IPCONFIG, "ipconfig");
    }
}

struct Write(&'static Image, &'static str, &'static str);

const WRITES: &[Write] = &[
    Write(
        &images::MSMPENG,
        "FileCreated",
        r"C:\ProgramData\Microsoft\Windows Defender\Scans\History\CacheManager\{hex}-1.bin",
    ),
    Write(
        &images::MSMPENG,
        "FileDeleted",
        r"C:\ProgramData\Microsoft\Windows Defender\Scans\History\CacheManager\{hex}-1.bin",
    ),
    Write(&images::SVCHOST, "FileCreated", r"C:\Windows\SoftwareDistribution\Download\{hex}\update.cab"),
    Write(&images::SVCHOST, "FileCreated", r"C:\Windows\Logs\WindowsUpdate\WindowsUpdate.20260302.{n}.etl"),
    Write(&images::SVCHOST, "FileModified", r"C:\Windows\System32\wbem\Repository\MAPPING{n}.MAP"),
    Write(
        &images::SENSE,
        "FileCreated",
        r"C:\ProgramData\Microsoft\Windows Defender Advanced Threat Protection\Temp\{hex}.tmp",
    ),
    Write(&images::SPOOLSV, "FileCreated", r"C:\Windows\System32\spool\PRINTERS\{n}.SPL"),
    Write(&images::COMPATTELRUNNER, "FileModified", r"C:\Windows\appcompat\Programs\Amcache.hve.LOG{n}"),
    Write(
        &images::EDGE,
        "FileCreated",
        r"C:\Users\{user}\AppData\Local\Microsoft\Edge\User Data\Default\Cache\Cache_Data\f_{hex}",
    ),
    Write(&images::EDGE, "FileCreated", r"C:\Users\{user}\Downloads\report-{n}.pdf"),
    Write(&images::EXCEL, "FileModified", r"C:\Users\{user}\Documents\Forecast {n}.xlsx"),
    Write(&images::EXCEL, "FileCreated", r"C:\Users\{user}\Documents\~$Forecast {n}.xlsx"),
    Write(&images::WINWORD, "FileModified", r"C:\Users\{user}\Documents\Minutes {n}.docx"),
    Write(
        &images::OUTLOOK,
        "FileCreated",
        r"C:\Users\{user}\AppData\Local\Microsoft\Windows\INetCache\Content.Outlook\{hex}\Offer {n}.docx",
    ),
    Write(&images::EXPLORER, "FileDeleted", r"C:\Users\{user}\Downloads\report-{n}.pdf"),
    Write(
        &images::SQLSERVR,
        "FileCreated",
        r"C:\Program Files\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQL\Log\log_{n}.trc",
    ),
    Write(&images::SQLSERVR, "FileModified", r"D:\MSSQL\Data\Orders_{n}.ndf"),
    Write(&images::SQLSERVR, "FileCreated", r"E:\MSSQL\Backup\Orders_{n}.trn"),
    Write(&images::JAVA, "FileCreated", r"C:\Orders\logs\orders.{n}.log"),
    Write(&images::JAVA, "FileModified", r"C:\Orders\work\session-{hex}.ser"),
];

pub fn write_something(host: &mut Host, at: Ticks) {
    let Some((row, actor)) = choose(host, WRITES, |row| row.0) else { return };
    let path = fill_in(host, row.2, actor.account);
    let mut origin = Map::new();
    if path.contains(r"\Downloads\") && row.1 == "FileCreated" {
        origin.insert("url".to_owned(), json!("https://intranet.corp.example/reports"));
    }
    if row.1 == "FileModified" && path.ends_with(".docx") {
        origin.insert("previous".to_owned(), json!(path.replace(".docx", ".tmp")));
        host.file_with(at, &actor, "FileRenamed", &path, origin);
    } else {
        host.file_with(at, &actor, row.1, &path, origin);
    }
}

struct Set(&'static Image, RegistryValue<'static>);

const fn set(
    image: &'static Image,
    key: &'static str,
    kind: &'static str,
    name: &'static str,
    data: &'static str,
) -> Set {
    Set(image, RegistryValue { key, kind, name, data, previous: "" })
}

const SETS: &[Set] = &[
    set(
        &images::EXPLORER,
        r"HKEY_CURRENT_USER\{sid}\Software\Microsoft\Windows\CurrentVersion\Explorer\RecentDocs\.xlsx",
        "Binary",
        "MRUListEx",
        "",
    ),
    set(
        &images::EXPLORER,
        r"HKEY_CURRENT_USER\{sid}\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders",
        "ExpandString",
        "Startup",
        r"%USERPROFILE%\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup",
    ),
    set(
        &images::SVCHOST,
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tasks\{5B1C9C25-0B1B-4F70-9C02-7D1C2D1B3D21}",
        "Binary",
        "DynamicInfo",
        "",
    ),
    set(
        &images::SVCHOST,
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update",
        "String",
        "LastOnlineScanTimeForAppCategory",
        "2026-03-02 06:1{n}",
    ),
    set(
        &images::SVCHOST,
        r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\bam\State\UserSettings\S-1-5-18",
        "Dword",
        "SequenceNumber",
        "{n}",
    ),
    set(
        &images::SVCHOST,
        r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\W32Time\SecureTimeLimits",
        "Qword",
        "SecureTimeTickCount",
        "{n}",
    ),
    set(
        &images::MSMPENG,
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows Defender\Signature Updates",
        "Dword",
        "SignatureUpdateCount",
        "{n}",
    ),
    set(
        &images::SENSE,
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows Advanced Threat Protection\Status",
        "Qword",
        "LastConnected",
        "1340{n}",
    ),
    set(
        &images::EXCEL,
        r"HKEY_CURRENT_USER\{sid}\Software\Microsoft\Office\16.0\Excel\Place MRU",
        "String",
        "Item 1",
        "[F00000000]*C:\\Users\\{user}\\Documents",
    ),
    set(
        &images::OUTLOOK,
        r"HKEY_CURRENT_USER\{sid}\Software\Microsoft\Office\16.0\Outlook\Perf",
        "Dword",
        "LastHangTime",
        "{n}",
    ),
    set(
        &images::SQLSERVR,
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQLServer",
        "Dword",
        "NumErrorLogs",
        "12",
    ),
    set(
        &images::SQLAGENT,
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Microsoft SQL Server\MSSQL16.MSSQLSERVER\SQLServerAgent",
        "Dword",
        "JobHistoryMaxRows",
        "1000",
    ),
];

pub fn set_something(host: &mut Host, at: Ticks) {
    let Some((Set(_, value), actor)) = choose(host, SETS, |row| row.0) else { return };
    let key = fill_in(host, value.key, actor.account);
    let data = fill_in(host, value.data, actor.account);
    let previous = if value.kind == "Dword" { fill_in(host, value.data, actor.account) } else { String::new() };
    let value = RegistryValue { key: &key, kind: value.kind, name: value.name, data: &data, previous: &previous };
    host.registry(at, &actor, "RegistryValueSet", &value);
}

struct Connection(&'static Image, &'static str, Remote<'static>);

const fn to(image: &'static Image, address: &'static str, port: i64, url: &'static str) -> Connection {
    Connection(image, "ConnectionSuccess", Remote { address, port, url })
}

const CONNECTIONS: &[Connection] = &[
    to(&images::SVCHOST, "198.51.100.12", 443, "updates.example.com"),
    to(&images::SVCHOST, "10.20.0.11", 135, "dc01.corp.example"),
    to(&images::LSASS, "10.20.0.11", 88, "dc01.corp.example"),
    to(&images::LSASS, "10.20.0.11", 389, "dc01.corp.example"),
    to(&images::SENSE, "198.51.100.40", 443, "telemetry.example.net"),
    to(&images::MSMPENG, "198.51.100.41", 443, "definitions.example.net"),
    to(&images::EDGE, "10.20.0.80", 443, "intranet.corp.example"),
    to(&images::EDGE, "198.51.100.77", 443, "news.example.org"),
    to(&images::OUTLOOK, "10.20.0.25", 443, "mail.corp.example"),
    to(&images::JAVA, "10.20.4.21", 1433, "sql01.corp.example"),
    Connection(&images::SQLSERVR, "InboundConnectionAccepted", Remote { address: "10.20.4.52", port: 1433, url: "" }),
    Connection(&images::JAVA, "InboundConnectionAccepted", Remote { address: "10.20.9.14", port: 8080, url: "" }),
    Connection(&images::SYSTEM, "InboundConnectionAccepted", Remote { address: "10.20.4.30", port: 445, url: "" }),
];

pub fn connect_somewhere(host: &mut Host, at: Ticks) {
    let Some((Connection(_, action, remote), actor)) = choose(host, CONNECTIONS, |row| row.0) else { return };
    host.connect(at, &actor, action, remote);
}

struct Load(&'static Image, &'static Image);

const LOADS: &[Load] = &[
    Load(&images::WMIPRVSE, &images::WBEMCOMN),
    Load(&images::TASKHOSTW, &images::NTDLL),
    Load(&images::SVCHOST, &images::TASKSCHD),
    Load(&images::SVCHOST, &images::WINHTTP),
    Load(&images::MSMPENG, &images::CRYPT32),
    Load(&images::EXCEL, &images::MSO),
    Load(&images::WINWORD, &images::MSO),
    Load(&images::OUTLOOK, &images::KERNEL32),
    Load(&images::JAVA, &images::JVM),
    Load(&images::SQLSERVR, &images::XPLOG70),
];

pub fn load_something(host: &mut Host, at: Ticks) {
    let Some((row, actor)) = choose(host, LOADS, |row| row.0) else { return };
    host.load(at, &actor, row.1);
}
