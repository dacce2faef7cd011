//! What can be set, each with a line that says what it changes.

use countersign_strings::text as words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::state::{Setting, Spot};
use super::spot::Spots;
use super::{Look, measure, paragraph, put};

/// Draws the settings; returns the keys for the last line.
pub fn draw(selected: usize, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> String {
    let width = measure(area);
    let mut lines = paragraph(words("tui.settings"), width, look.title());
    lines.push(Line::default());
    for (n, setting) in Setting::ALL.into_iter().enumerate() {
        let (name, about) = named(setting);
        let y = area.y + lines.len() as u16;
        let (mark, style) = if n == selected { ("▸ ", look.chosen()) } else { ("  ", Style::default()) };
        lines.push(Line::from(vec![Span::raw(mark), Span::styled(format!(" {} ", words(name)), style)]));
        let about = paragraph(words(about), width.saturating_sub(3), look.quiet());
        lines.extend(about.into_iter().map(|line| {
            let mut spans = vec![Span::raw("   ")];
            spans.extend(line.spans);
            Line::from(spans)
        }));
        let height = area.y + lines.len() as u16 - y;
        spots.add(Rect { y, height, ..area }.intersection(area), Spot::Setting(n));
        lines.push(Line::default());
    }
    put(buffer, area, 1, lines);
    words("tui.keys_settings").to_owned()
}

fn named(setting: Setting) -> (&'static str, &'static str) {
    match setting {
        Setting::Passphrase => ("tui.setting_passphrase", "tui.setting_passphrase_about"),
    }
}
