//! A program in a pseudo-terminal: what it draws, what it is sent, how it leaves the terminal.
// Each test that includes this uses a part of it.
#![allow(dead_code)]

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// Far beyond what anything takes: only a hang gets here.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a session's terminal is.
pub struct Terminal<'a> {
    /// What runs in it; whippet where nothing is named.
    pub program: Option<&'a Path>,
    pub variables: &'a [(&'a str, &'a str)],
    pub size: (u16, u16),
    /// Through a shell with job control, as a person has it.
    pub in_shell: bool,
}

impl Default for Terminal<'_> {
    fn default() -> Self {
        Self { program: None, variables: &[], size: (120, 36), in_shell: false }
    }
}

pub struct Session {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    pub screen: vt100::Parser,
    raw: Vec<u8>,
}

impl Session {
    pub fn start(arguments: &[&str], folder: &Path) -> Self {
        Self::start_in(arguments, folder, &Terminal::default())
    }

    pub fn start_in(arguments: &[&str], folder: &Path, terminal: &Terminal<'_>) -> Self {
        let (cols, rows) = terminal.size;
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let program = terminal.program.unwrap_or_else(|| Path::new(env!("CARGO_BIN_EXE_whippet")));
        let mut command = if terminal.in_shell {
            let mut command = CommandBuilder::new("bash");
            command.args(["--norc", "--noprofile", "-i"]);
            command.env("PS1", "prompt> ");
            command
        } else {
            let mut command = CommandBuilder::new(program);
            command.args(arguments);
            command
        };
        command.env("TERM", "xterm-256color");
        command.env("TMPDIR", folder);
        command.env("XDG_CONFIG_HOME", folder.join("none"));
        command.env_remove("NO_COLOR");
        command.env_remove("WHIPPET_CONFIG");
        command.cwd(folder);
        for (name, value) in terminal.variables {
            command.env(name, value);
        }
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
        let screen = vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0);
        let mut session = Self { master: pair.master, writer, child, output, screen, raw: Vec::new() };
        if terminal.in_shell {
            session.until("prompt> ");
            session.keys(&format!("{} {}\r", program.display(), arguments.join(" ")));
        }
        session
    }

    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        self.screen = vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0);
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.screen.process(bytes);
    }

    /// Reads until the screen has the text.
    pub fn until(&mut self, text: &str) -> String {
        self.until_screen(|contents| contents.contains(text))
            .unwrap_or_else(|contents| panic!("'{text}' did not come:\n{contents}"))
    }

    /// Reads until the screen is so.
    pub fn until_that(&mut self, is_so: impl Fn(&str) -> bool) -> String {
        self.until_screen(is_so).unwrap_or_else(|contents| panic!("it never came to that:\n{contents}"))
    }

    pub fn until_screen(&mut self, is_so: impl Fn(&str) -> bool) -> Result<String, String> {
        loop {
            let contents = self.screen.screen().contents();
            if is_so(&contents) {
                return Ok(contents);
            }
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => return Err(contents),
            }
        }
    }

    pub fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Reads until these bytes came.
    pub fn until_raw(&mut self, wanted: &[u8]) {
        while !self.raw.windows(wanted.len()).any(|part| part == wanted) {
            let bytes = self.output.recv_timeout(PATIENCE).expect("these bytes never came");
            self.take(&bytes);
        }
    }

    /// Waits for the end; all that was ever written to the terminal.
    pub fn raw_to_end(mut self) -> Vec<u8> {
        assert!(self.child.wait().unwrap().success());
        self.rest();
        self.raw
    }

    /// Reads until nothing has the terminal open any more.
    fn rest(&mut self) {
        while let Ok(bytes) = self.output.recv_timeout(PATIENCE) {
            self.take(&bytes);
        }
    }

    /// The colours of cells with text, as the terminal was told.
    pub fn colours(&self) -> std::collections::BTreeSet<String> {
        let screen = self.screen.screen();
        let (rows, columns) = screen.size();
        let (rows, columns): (u16, u16) = (rows.into(), columns.into());
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        cells
            .filter_map(|(row, column)| screen.cell(row, column))
            .filter(|cell| !cell.contents().trim().is_empty())
            .map(|cell| format!("{:?}", cell.fgcolor()))
            .collect()
    }

    /// Reads until the colours on the screen are so.
    pub fn until_colours(&mut self, is_so: impl Fn(&std::collections::BTreeSet<String>) -> bool) {
        while !is_so(&self.colours()) {
            let bytes = self.output.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("they stay {:?}", self.colours()));
            self.take(&bytes);
        }
    }

    /// Waits for the end and checks what the terminal was left with.
    pub fn end(self) -> (u32, String) {
        let (status, _) = self.end_and_screen();
        (status.exit_code(), status.to_string())
    }

    /// As [`Self::end`]; what the screen says then comes with it.
    pub fn end_and_screen(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        // The terminal's own line settings: raw mode would have taken echo and line editing away.
        let settings = self.master.get_termios();
        self.rest();
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the other screen was left");
        assert!(!screen.hide_cursor(), "the cursor is back");
        assert!(!screen.bracketed_paste(), "paste is plain again");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is the terminal's");
        if let Some(settings) = settings {
            let text = format!("{settings:?}");
            assert!(text.contains("ECHO") && text.contains("ICANON"), "{text}");
        }
        let contents = screen.contents();
        (status, contents)
    }
}
