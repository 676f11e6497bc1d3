//! A quiet server: people work on it over remote desktop, a small SQL Server and a Java service run beside them, and
//! nothing happens that a rule should say anything about.

use super::host::{Account, Host, LOCAL_SERVICE, Remote, clock};
use super::images;
use super::ordinary::{ORDINARY, boot};
use super::record::{MILLISECOND, Schema, Ticks, UnknownName};
use super::scenario::{Expectations, Form, Scenario};

const fn person(name: &'static str, sid: &'static str, logon_id: i64, session: i64) -> Account {
    let (integrity, elevation) = ("Medium", "TokenElevationTypeDefault");
    Account { domain: "CORP", name, sid, integrity, elevation, logon_id, session }
}

static PEOPLE: [(Account, &str, i64, i64); 3] = [
    (person("amara.okafor", "S-1-5-21-1757981266-1645522239-839522115-1141", 1_482_337, 2), "10.20.9.31", 7, 58),
    (person("jonas.weber", "S-1-5-21-1757981266-1645522239-839522115-1163", 2_210_956, 3), "10.20.9.44", 8, 12),
    (person("mei.tanaka", "S-1-5-21-1757981266-1645522239-839522115-1178", 2_904_118, 4), "10.20.9.57", 8, 41),
];

pub fn baseline(day: Ticks, schema: &Schema) -> Result<Scenario, UnknownName> {
    let mut host = Host::new("rds01.corp.example", "10.20.4.60", 0x5eed_0003);
    let booted = boot(&mut host, clock(day, 7, 30, 2));
    host.describe(clock(day, 7, 31, 0), "192.0.2.60");
    let at = clock(day, 7, 30, 24);
    host.start_as(
        at,
        &booted.services,
        &images::SQLSERVR,
        &format!("\"{}\" -sMSSQLSERVER", images::SQLSERVR.path),
        &LOCAL_SERVICE,
    );
    let at = clock(day, 7, 30, 31);
    let (_, runner) = host.start_as(
        at,
        &booted.services,
        &images::PRUNSRV,
        r"C:\Orders\bin\orders-service.exe //RS//Orders",
        &LOCAL_SERVICE,
    );
    host.start(
        at + 640 * MILLISECOND,
        &runner,
        &images::JAVA,
        &format!("\"{}\" -Xmx512m -jar C:\\Orders\\lib\\print-relay.jar", images::JAVA.path),
    );
    booted.fill(&mut host, clock(day, 7, 32, 0), clock(day, 7, 58, 0), 120, &ORDINARY);

    for (account, address, hour, minute) in &PEOPLE {
        let port = host.random.between(49_700, 65_400);
        let explorer =
            booted.log_on(&mut host, clock(day, *hour, *minute, 17), account, &Remote { address, port, url: "" });
        let later = clock(day, *hour, *minute, 29);
        host.start(later, &explorer, &images::OUTLOOK, &format!("\"{}\" ", images::OUTLOOK.path));
        host.start(
            later + 900 * MILLISECOND,
            &explorer,
            &images::EDGE,
            &format!("\"{}\" --no-startup-window", images::EDGE.path),
        );
    }
    booted.fill(&mut host, clock(day, 8, 45, 0), clock(day, 17, 50, 0), 2_250, &ORDINARY);
    Scenario::new("baseline", Form::Tables, host, Expectations::default(), schema)
}
