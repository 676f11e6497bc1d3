//! A fault in the program itself, in a real terminal: the terminal is given back, the fault is said, the status tells.
//!
//! The product has no way to provoke one, so this is a program of its own: without arguments it is the test, with one it
//! is a console over the same guard and the same loop, that breaks at a key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(clippy::print_stdout)]

#[cfg(unix)]
#[path = "support/terminal.rs"]
mod terminal;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    let argument = std::env::args().nth(1).unwrap_or_default();
    match argument.as_str() {
        "broken-loop" | "broken-worker" => broken::console(&argument),
        // What a runner of tests asks before it runs them.
        "--list" => std::process::ExitCode::SUCCESS,
        _ => {
            check::a_fault_in_the_loop_gives_the_terminal_back();
            check::a_fault_in_a_worker_is_said_and_survived();
            println!("a fault gives the terminal back, and one of a worker is survived: ok");
            std::process::ExitCode::SUCCESS
        }
    }
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod check {
    use super::terminal::{Session, Terminal};

    fn start(what: &str, folder: &std::path::Path) -> Session {
        let program = std::env::current_exe().unwrap();
        Session::start_in(&[what], folder, &Terminal { program: Some(&program), ..Terminal::default() })
    }

    pub fn a_fault_in_the_loop_gives_the_terminal_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = start("broken-loop", folder.path());
        session.until("[1 Matches]");
        session.keys("M");
        session.until("mouse on");
        session.keys("x");
        let (status, screen) = session.end_and_screen();
        assert_eq!(status.exit_code(), 1, "{screen}");
        for said in ["console_panic.rs", "broken on purpose", "a fault in whippet itself"] {
            assert!(screen.contains(said), "{said}:\n{screen}");
        }
        // Each line begins at the left again: the message came after raw mode was left.
        assert!(screen.lines().any(|line| line.starts_with("error: a fault in whippet itself")), "{screen}");
    }

    pub fn a_fault_in_a_worker_is_said_and_survived() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = start("broken-worker", folder.path());
        session.until("a fault in whippet itself, please report it: broken on purpose");
        // Nothing tore the screen, and keys work.
        session.keys("q");
        session.until_that(|screen| !screen.contains("broken on purpose") && screen.contains("? help"));
        session.keys("2");
        session.until("[2 Tree]");
        session.keys("Q");
        assert_eq!(session.end().0, 0);
    }
}

#[cfg(unix)]
mod broken {
    use std::process::ExitCode;
    use std::time::Duration;

    use crossbeam_channel::{Receiver, unbounded};
    use whippet::cli::{self, Exit};
    use whippet::console::config::Config;
    use whippet::console::desk::{self, Setup, Stage};
    use whippet::console::input::Input;
    use whippet::console::jobs::Ask;
    use whippet::console::keymap::Keymap;
    use whippet::console::keys::{Code, Key};
    use whippet::console::run::{self, World};
    use whippet::console::source::{Answer, Question, Source, Stop, Trouble};
    use whippet::console::state::State;
    use whippet::console::terminal::{self, Guard};
    use whippet::console::theme::Theme;

    pub fn console(what: &str) -> ExitCode {
        let run = if what == "broken-loop" { in_the_loop } else { in_a_worker };
        cli::guarded(run, &mut std::io::stderr()).into()
    }

    fn in_the_loop() -> Exit {
        let (inputs, received) = unbounded();
        let (_guard, mut screen) = Guard::enter().unwrap();
        terminal::read_events(inputs).unwrap();
        let mut state = State::new(Keymap::standard().unwrap(), Theme::Terminal);
        run::run(&mut screen, &mut state, &mut Broken(received)).unwrap();
        Exit::Done
    }

    fn in_a_worker() -> Exit {
        let mut stage =
            Stage::open(&Config::default(), |variable| (variable == "NO_COLOR").then(|| "1".to_owned())).unwrap();
        let sources: Vec<Box<dyn Source>> = vec![Box::new(BrokenSource)];
        let setup = Setup { sources, lessons: Vec::new(), config: Config::default(), play: None, journal: None };
        desk::show(&mut stage, setup).unwrap();
        Exit::Done
    }

    struct BrokenSource;

    impl Source for BrokenSource {
        fn answer(&mut self, _question: &Question, _stop: &Stop) -> Result<Answer, Trouble> {
            panic!("broken on purpose")
        }

        fn interrupter(&self) -> Box<dyn Fn() + Send + Sync> {
            Box::new(|| ())
        }
    }

    /// The real terminal, and a fault where `x` comes.
    struct Broken(Receiver<Input>);

    impl World for Broken {
        fn wait(&mut self, patience: Option<Duration>) -> Option<Input> {
            let input = match patience {
                Some(patience) => self.0.recv_timeout(patience).ok(),
                None => self.0.recv().ok(),
            };
            if let Some(Input::Key(Key { code: Code::Char('x'), .. })) = input {
                panic!("broken on purpose");
            }
            input
        }

        fn poll(&mut self) -> Option<Input> {
            None
        }

        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn submit(&mut self, _ask: Ask) {}

        fn cancel(&mut self) {}

        fn stop_import(&mut self) {}

        fn set_mouse(&mut self, on: bool) -> std::io::Result<()> {
            terminal::set_mouse(on)
        }

        fn copy(&mut self, _text: &str) -> std::io::Result<()> {
            Ok(())
        }

        fn write_new(&mut self, _path: &str, _text: &str) -> std::io::Result<()> {
            Ok(())
        }

        fn note(&mut self, _line: &str) -> std::io::Result<()> {
            Ok(())
        }

        fn suspend(&mut self) -> std::io::Result<()> {
            Ok(())
        }

        fn retake(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
}
