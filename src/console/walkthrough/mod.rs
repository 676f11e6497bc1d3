//! Lessons that a person does in the live console: each step says what to reach, and looks at the state to see
//! whether it is reached, by whatever route.
//!
//! A lesson is data in a scenario's folder. Knows what is on the screen, and nothing of how it was computed; what a
//! lesson does to the state is in `update::lessons`.

pub mod goal;
pub mod lesson;
pub mod panel;
pub mod progress;

pub use lesson::{Lesson, LessonError};
pub use progress::Walkthrough;
