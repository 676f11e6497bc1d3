//! The console in a real terminal: it draws, obeys keys and signals, and gives the terminal back.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Far beyond what anything takes: only a hang gets here.
const PATIENCE: Duration = Duration::from_secs(60);

struct Session {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    raw: Vec<u8>,
}

impl Session {
    fn start(arguments: &[&str], folder: &Path) -> Self {
        let size = PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_whippet"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("TMPDIR", folder);
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        let screen = vt100::Parser::new(36.try_into().unwrap(), 120.try_into().unwrap(), 0);
        Self { master: pair.master, writer, child, output, screen, raw: Vec::new() }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.screen.process(bytes);
    }

    /// Reads until the screen has the text.
    fn until(&mut self, text: &str) -> String {
        loop {
            let contents = self.screen.screen().contents();
            if contents.contains(text) {
                return contents;
            }
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => panic!("'{text}' did not come:\n{contents}"),
            }
        }
    }

    fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits for the end and checks what the terminal was left with.
    fn end(mut self) -> (u32, String) {
        let status = self.child.wait().unwrap();
        drop(self.writer);
        // The terminal's own line settings: raw mode would have taken echo and line editing away.
        let settings = self.master.get_termios();
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.raw.extend_from_slice(&bytes);
            self.screen.process(&bytes);
        }
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the other screen was left");
        assert!(!screen.hide_cursor(), "the cursor is back");
        assert!(!screen.bracketed_paste(), "paste is plain again");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is the terminal's");
        if let Some(settings) = settings {
            let text = format!("{settings:?}");
            assert!(text.contains("ECHO") && text.contains("ICANON"), "{text}");
        }
        (status.exit_code(), status.to_string())
    }
}

fn demo(folder: &Path) -> Session {
    Session::start(&["demo", "xp-cmdshell"], folder)
}

#[test]
fn it_opens_moves_and_leaves_the_terminal_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = demo(folder.path());
    session.until("36 matches");
    session.until("why it matched");
    session.keys("jjt");
    let screen = session.until("Process tree");
    assert!(screen.contains("[2 Tree]"), "{screen}");
    session.until("sqlservr.exe");
    // Drawing anew must not ask the terminal anything: the answer would be taken for keys.
    session.keys("\x0c/whoami\r");
    session.until("whoami");
    session.keys("M4");
    session.until("[4 Exclusions]");
    session.keys("Q");
    let (code, text) = session.end();
    assert_eq!(code, 0, "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the demonstration's store is gone");
}

#[test]
fn without_a_name_it_offers_the_scenarios() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::start(&["demo"], folder.path());
    let screen = session.until("Which one?");
    for name in ["xp-cmdshell", "java-sysrv", "baseline"] {
        assert!(screen.contains(name), "{screen}");
    }
    session.keys("2\r");
    session.until("demo java-sysrv");
    session.until("matches");
    session.keys("Q");
    assert_eq!(session.end().0, 0);
}

#[test]
fn sigterm_gives_the_terminal_back_and_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = demo(folder.path());
    session.until("[1 Matches]");
    session.keys("M");
    session.until("mouse on");
    session.signal("-TERM");
    let (_, text) = session.end();
    assert!(text.contains("Terminated") || text.contains("15"), "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the demonstration's store is gone");
}

#[test]
fn without_a_terminal_the_hunt_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_whippet"))
        .args(["demo", "xp-cmdshell"])
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for part in [
        "SQL stored procedure persistence: 23 matches",
        "SQL Server spawning suspicious child process: 9 matches",
        "Java Executing cmd to run Powershell: 0 matches",
        "sqlservr.exe → cmd.exe → whoami.exe",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(!text.chars().any(|character| character.is_control() && character != '\n'));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the demonstration's store is gone");

    let output = std::process::Command::new(env!("CARGO_BIN_EXE_whippet")).args(["demo", "xp-cmd"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("xp-cmdshell"));
}
