//! Paths that name a volume by its device (`\Device\HarddiskVolume3\Windows\…`) to paths with a drive letter.
//!
//! Which drive a volume is, a host's own events tell: NTFS names both when it mounts a volume, and a process that was
//! started from `C:\Windows\x.exe` is the same file as `\device\harddiskvolume3\windows\x.exe` elsewhere on that host. A
//! volume for which two drives are found stays what it was. What is known grows with the files, so rows say in
//! `AdditionalFields` what the event called the path, and may be turned back.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::dictionary::Dictionary;
use super::lineage::{DRIVE_LETTER, DRIVE_LETTER_OF_INITIATING};
use super::normalise::device_id;
use crate::schema::Schema;
use crate::sql::layout::{quote_identifier, rows_table};
use crate::store::{StoreError, has_actor};

/// The columns, what `AdditionalFields` calls their device paths, and the bit of `filled`.
const COLUMNS: [(&str, &str, i64); 2] = [
    ("FolderPath", "DevicePath", DRIVE_LETTER),
    ("InitiatingProcessFolderPath", "InitiatingProcessDevicePath", DRIVE_LETTER_OF_INITIATING),
];
const PREFIX: &str = "\\device\\harddiskvolume";
/// NTFS says which drive a volume was mounted as.
const MOUNTED: i64 = 98;

/// Gives device paths their drive letters, and takes back those that no longer hold.
pub fn set_drives(connection: &Connection, schema: &Schema) -> Result<(), StoreError> {
    let texts: Vec<(i64, String)> = connection
        .prepare(
            "SELECT id, value FROM text WHERE value COLLATE NOCASE >= '\\device\\harddiskvolume'
               AND value COLLATE NOCASE < '\\device\\harddiskvolumf'",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    if texts.is_empty() {
        return Ok(());
    }
    connection.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS device_path(device INTEGER, text INTEGER, path INTEGER,
           PRIMARY KEY(device, text)) WITHOUT ROWID;
         DELETE FROM device_path;",
    )?;
    let drives = drives(connection, &texts)?;
    let mut dictionary = Dictionary::new(connection)?;
    let mut insert = connection.prepare("INSERT INTO device_path VALUES (?1, ?2, ?3)")?;
    for (device, volumes) in &drives {
        for (text, path) in &texts {
            let Some((volume, rest)) = cut(path) else { continue };
            let Some(drive) = volumes.get(&volume).and_then(only) else { continue };
            insert.execute(params![device, text, dictionary.id(&format!("{drive}:{rest}"))?])?;
        }
    }
    for table in schema.tables().filter(|table| has_actor(table) && table.column("AdditionalFields").is_some()) {
        let rows = quote_identifier(&rows_table(&table.name));
        for (column, key, bit) in COLUMNS.iter().filter(|(column, ..)| table.column(column).is_some()) {
            let said = format!(
                "SELECT id FROM text WHERE value = t.AdditionalFields ->> '$.{key}' COLLATE NOCASE
                   AND value = t.AdditionalFields ->> '$.{key}'"
            );
            connection.execute_batch(&format!(
                "UPDATE {rows} AS t SET {column} = ({said}), filled = filled & ~{bit},
                   AdditionalFields = replace(json_remove(AdditionalFields, '$.{key}'), '{{}}', '')
                 WHERE filled & {bit} AND NOT EXISTS (SELECT 1 FROM device_path AS d WHERE d.device = t.DeviceId
                   AND d.text = ({said}) AND d.path = t.{column});
                 UPDATE {rows} AS t SET {column} = d.path, filled = filled | {bit},
                   AdditionalFields = json_set(coalesce(nullif(t.AdditionalFields, ''), '{{}}'), '$.{key}',
                     (SELECT value FROM text WHERE id = t.{column}))
                 FROM device_path AS d WHERE d.device = t.DeviceId AND d.text = t.{column};"
            ))?;
        }
    }
    Ok(())
}

/// Drives by volume, by host.
type Drives = BTreeMap<i64, BTreeMap<u32, BTreeSet<char>>>;

fn drives(connection: &Connection, texts: &[(i64, String)]) -> Result<Drives, StoreError> {
    let mut drives = Drives::new();
    let mut told = |device: i64, volume: u32, drive: char| {
        drives.entry(device).or_default().entry(volume).or_default().insert(drive);
    };
    connection.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS same_file(text INTEGER, volume INTEGER, drive TEXT,
           PRIMARY KEY(text, volume)) WITHOUT ROWID;
         DELETE FROM same_file;",
    )?;
    let mut insert = connection
        .prepare("INSERT OR IGNORE INTO same_file SELECT id, ?2, ?3 FROM text WHERE value = ?1 COLLATE NOCASE")?;
    for (_, path) in texts {
        let Some((volume, rest)) = cut(path).filter(|(_, rest)| !rest.is_empty()) else { continue };
        for drive in 'A'..='Z' {
            insert.execute(params![format!("{drive}:{rest}"), volume, drive.to_string()])?;
        }
    }
    let mut started = connection.prepare(
        "SELECT DISTINCT p.DeviceId, s.volume, s.drive FROM rows_DeviceProcessEvents AS p
         CROSS JOIN same_file AS s ON s.text = p.FolderPath",
    )?;
    let mut rows = started.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(drive) = only_character(row.get_ref(2)?.as_str().unwrap_or_default()) {
            told(row.get(0)?, row.get(1)?, drive);
        }
    }
    let mut mounts = connection.prepare(
        "SELECT t.value, m.data ->> '$.DriveName', m.data ->> '$.DeviceName' FROM
           (SELECT e.computer, record_column(e.block, e.position, b.data, 'WindowsEvent', 'EventData') AS data
            FROM event_record AS e JOIN record_block AS b ON b.id = e.block
            WHERE e.event_id = ?1 AND e.raw <> 0 AND e.provider IN
              (SELECT id FROM text WHERE value IN ('Microsoft-Windows-Ntfs', 'Ntfs'))) AS m
         JOIN text AS t ON t.id = m.computer WHERE json_valid(m.data)",
    )?;
    let mut dictionary = Dictionary::new(connection)?;
    let mut rows = mounts.query([MOUNTED])?;
    while let Some(row) = rows.next()? {
        let (computer, name, device): (String, Option<String>, Option<String>) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let drive = name.as_deref().and_then(|name| name.trim().strip_suffix(':')).and_then(only_character);
        let volume = device.as_deref().and_then(|device| cut(device.trim()));
        if let (Some(drive), Some((volume, ""))) = (drive.filter(char::is_ascii_alphabetic), volume) {
            told(dictionary.id(&device_id(&computer))?, volume, drive.to_ascii_uppercase());
        }
    }
    Ok(drives)
}

/// The number of a device path's volume, and what comes after it.
fn cut(path: &str) -> Option<(u32, &str)> {
    let after =
        path.get(..PREFIX.len()).filter(|start| start.eq_ignore_ascii_case(PREFIX)).and(path.get(PREFIX.len()..))?;
    let digits = after.find(|character: char| !character.is_ascii_digit()).unwrap_or(after.len());
    let (number, rest) = after.split_at(digits);
    (rest.is_empty() || rest.starts_with('\\')).then(|| Some((number.parse().ok()?, rest))).flatten()
}

fn only_character(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

fn only(drives: &BTreeSet<char>) -> Option<char> {
    drives.first().copied().filter(|_| drives.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_paths_are_cut_behind_the_volume() {
        assert_eq!(cut("\\device\\harddiskvolume3\\windows\\x.exe"), Some((3, "\\windows\\x.exe")));
        assert_eq!(cut("\\Device\\HarddiskVolume12"), Some((12, "")));
        for other in ["\\Device\\HarddiskVolumeShadowCopy1\\x", "\\Device\\HarddiskVolume", "C:\\x", "\\Device\\Mup\\x"]
        {
            assert_eq!(cut(other), None, "{other}");
        }
    }
}
