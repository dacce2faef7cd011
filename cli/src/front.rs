//! What stands in place of the terminal while a command runs behind a screen: it shows what is said, and asks what is asked.

use zeroize::Zeroizing;

use crate::port::interrupt::Interrupt;

/// A question, and how it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// By yes or no.
    YesNo(String),
    /// By a line.
    Line(String),
    /// By a line that nobody else may see.
    Hidden(String),
    /// By the number of one of these, from 0.
    Choice(Vec<String>),
}

/// A screen that a command speaks to.
pub trait Front: Send + Sync {
    /// Shows words.
    fn say(&self, words: &str);

    /// Asks, and waits until it is answered; `y` is a yes. `None` when the person stopped it all.
    fn ask(&self, question: Question) -> Option<Zeroizing<String>>;

    /// Whether the person stopped it, and what is not to be cut off.
    fn interrupt(&self) -> Interrupt;
}
