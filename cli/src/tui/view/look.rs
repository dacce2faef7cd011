//! Colours of the terminal: sixteen, or none. Nothing is said by colour alone.

use ratatui::style::{Color, Modifier, Style};

/// How the screen is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// May colours be used? `false` under `NO_COLOR`.
    pub colour: bool,
}

impl Look {
    /// Sixteen colours.
    pub const SIXTEEN: Self = Self { colour: true };
    /// No colour: bold, dim and reversed only.
    pub const PLAIN: Self = Self { colour: false };

    fn tinted(self, colour: Color, style: Style) -> Style {
        if self.colour { style.fg(colour) } else { style }
    }

    /// The figure that is the hero of its screen, and good news.
    pub fn accent(self) -> Style {
        self.tinted(Color::Green, Style::new().add_modifier(Modifier::BOLD))
    }

    /// Danger of loss, or an attack.
    pub fn danger(self) -> Style {
        self.tinted(Color::Red, Style::new().add_modifier(Modifier::BOLD))
    }

    /// What should be looked at: the word «new», a fault in what was typed.
    pub fn warn(self) -> Style {
        self.tinted(Color::Yellow, Style::new().add_modifier(Modifier::BOLD))
    }

    /// Titles.
    pub fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Second text.
    pub fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The chosen row: all of it alike, whatever its parts are otherwise.
    pub fn chosen(self) -> Style {
        let plain = Style::new().remove_modifier(Modifier::DIM).add_modifier(Modifier::REVERSED);
        if self.colour { plain.fg(Color::Reset) } else { plain }
    }
}
