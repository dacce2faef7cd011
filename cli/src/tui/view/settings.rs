//! What can be set, each with a line that says what it changes.

use countersign_strings::text as words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::state::{Setting, Settings, Spot};
use super::spot::Spots;
use super::{Look, measure, paragraph, put, text};
use crate::words::time;

/// The columns of what a setting is called.
const NAMES: usize = 21;

/// Draws the settings; returns the keys for the last line.
pub fn draw(set: Settings, selected: usize, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> String {
    let width = measure(area);
    let mut lines = paragraph(words("tui.settings"), width, look.title());
    lines.push(Line::default());
    for (n, setting) in Setting::ALL.into_iter().enumerate() {
        let (name, about) = named(setting);
        let y = area.y + lines.len() as u16;
        let (mark, style) = if n == selected { ("▸", look.chosen()) } else { (" ", Style::default()) };
        let name = format!("{}{}", words(name), " ".repeat(NAMES.saturating_sub(text::columns(words(name)))));
        let mut line = vec![Span::raw(mark), Span::styled(format!(" {name}"), style)];
        line.extend(value(set, setting).map(|value| {
            let value = if n == selected { format!(" ‹ {value} ›") } else { format!("   {value}") };
            Span::styled(value, look.accent())
        }));
        lines.push(Line::from(line));
        let about = paragraph(words(about), width.saturating_sub(2), look.quiet());
        lines.extend(about.into_iter().map(|mut line| {
            line.spans.insert(0, Span::raw("  "));
            line
        }));
        let height = area.y + lines.len() as u16 - y;
        spots.add(Rect { y, height, ..area }.intersection(area), Spot::Line(n));
        if usize::from(area.height) > 2 + 4 * Setting::ALL.len() {
            lines.push(Line::default());
        }
    }
    put(buffer, area, 1, lines);
    let keys = if value(set, Setting::ALL[selected.min(Setting::ALL.len() - 1)]).is_some() {
        "tui.keys_settings"
    } else {
        "tui.keys_settings_open"
    };
    words(keys).to_owned()
}

fn value(set: Settings, setting: Setting) -> Option<String> {
    match setting {
        Setting::LockAfter => Some(set.lock_after.map_or_else(|| words("tui.never").to_owned(), time)),
        Setting::LockOnLeave => Some(words(if set.lock_on_leave { "tui.yes" } else { "tui.no" }).to_owned()),
        Setting::Clipboard => Some(time(set.clipboard.into())),
        Setting::Passphrase => None,
    }
}

fn named(setting: Setting) -> (&'static str, &'static str) {
    match setting {
        Setting::LockAfter => ("tui.setting_lock", "tui.setting_lock_about"),
        Setting::LockOnLeave => ("tui.setting_leave", "tui.setting_leave_about"),
        Setting::Clipboard => ("tui.setting_clipboard", "tui.setting_clipboard_about"),
        Setting::Passphrase => ("tui.setting_passphrase", "tui.setting_passphrase_about"),
    }
}
