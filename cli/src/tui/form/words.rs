//! What the rows of a form are called, what stands in them, what they are for, and how they are answered in words.

use countersign_core::vault::{DRAWN, Icon};
use countersign_strings::text as words;

use super::{Form, FormKind, Item, is_text};

impl Form {
    /// What stands in a row that is chosen or marked, in words.
    pub fn value(&self, item: Item) -> String {
        match item {
            Item::Kind => words(kind(self.kind)).to_owned(),
            Item::Digits => self.digits.to_string(),
            Item::Algorithm => self.algorithm.to_string(),
            Item::Icon => icon(self.icon.as_ref()).unwrap_or_else(|| words("tui.icon_initials").to_owned()),
            item @ (Item::Favourite | Item::Pinned | Item::Hidden) => {
                words(if self.is_marked(item) { "tui.yes" } else { "tui.no" }).to_owned()
            }
            item => self.text(item).to_owned(),
        }
    }

    /// Takes a row as one line, where there are no keys: a text as it is, a choice by its word, a mark by yes or no. `false`
    /// for a word that is none of those.
    pub fn answer(&mut self, item: Item, typed: &str) -> bool {
        self.at = item;
        if is_text(item) {
            self.touched = true;
            self.put(item, typed);
            return true;
        }
        let wanted = typed.trim().to_lowercase();
        let before = self.value(item);
        loop {
            if self.value(item).to_lowercase() == wanted {
                return true;
            }
            self.turn(true);
            if self.value(item) == before {
                return false;
            }
        }
    }

    /// What may be chosen in a row, by its words; none where it is typed.
    pub fn choices(&self, item: Item) -> Vec<String> {
        let mut form = self.clone();
        let mut all = Vec::new();
        form.at = item;
        while !is_text(item) && !all.contains(&form.value(item)) {
            all.push(form.value(item));
            form.turn(true);
        }
        all
    }

    /// What may be drawn beside an account: initials, a picture that it had, and the set of this project.
    pub(super) fn icons(&self) -> Vec<Option<Icon>> {
        let had = self.had_icon.iter().filter(|icon| matches!(icon, Icon::Picture(_))).cloned();
        let drawn = DRAWN.iter().map(|name| Icon::Drawn((*name).to_owned()));
        std::iter::once(None).chain(had.chain(drawn).map(Some)).collect()
    }
}

/// What an icon is called; one that is not known here has no name.
pub fn icon(icon: Option<&Icon>) -> Option<String> {
    match icon? {
        Icon::Drawn(name) => {
            let at = DRAWN.iter().position(|drawn| drawn == name)?;
            words("tui.icons").split(' ').nth(at).map(str::to_owned)
        }
        Icon::Picture(_) => Some(words("tui.icon_picture").to_owned()),
    }
}

fn kind(kind: FormKind) -> &'static str {
    match kind {
        FormKind::Timed => "tui.kind_timed",
        FormKind::Counted => "tui.kind_counted",
        FormKind::Steam => "tui.kind_steam",
        FormKind::Yandex => "tui.kind_yandex",
        FormKind::MOtp => "tui.kind_motp",
    }
}

/// What a row is called.
pub fn label(item: Item) -> &'static str {
    words(match item {
        Item::Kind => "tui.form_kind",
        Item::Issuer => "tui.form_issuer",
        Item::Name => "tui.form_name",
        Item::Key => "tui.form_key",
        Item::Pin => "tui.form_pin",
        Item::Digits => "tui.form_digits",
        Item::Period => "tui.form_period",
        Item::Start => "tui.form_start",
        Item::Counter => "tui.form_counter",
        Item::Algorithm => "tui.form_algorithm",
        Item::Note => "tui.form_note",
        Item::Groups => "tui.form_groups",
        Item::Tags => "tui.form_tags",
        Item::Icon => "tui.form_icon",
        Item::Favourite => "tui.form_favourite",
        Item::Pinned => "tui.form_pinned",
        Item::Hidden => "tui.form_hidden",
        Item::Save => "tui.form_save",
    })
}

/// What the row that keys go to is for.
pub fn hint(form: &Form) -> &'static str {
    match form.at {
        Item::Kind => "tui.hint_kind",
        Item::Issuer => "tui.hint_issuer",
        Item::Name => "tui.hint_name",
        Item::Key if form.kind == FormKind::MOtp => "tui.hint_key_motp",
        Item::Key => "tui.hint_key",
        Item::Pin => "tui.hint_pin",
        Item::Digits => "tui.hint_digits",
        Item::Period => "tui.hint_period",
        Item::Start => "tui.hint_start",
        Item::Counter => "tui.hint_counter",
        Item::Algorithm => "tui.hint_algorithm",
        Item::Note => "tui.hint_note",
        Item::Groups => "tui.hint_groups",
        Item::Tags => "tui.hint_tags",
        Item::Icon => "tui.hint_icon",
        Item::Favourite => "tui.hint_favourite",
        Item::Pinned => "tui.hint_pinned",
        Item::Hidden => "tui.hint_hidden",
        Item::Save => "tui.hint_save",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_icon_of_the_set_has_its_word() {
        assert_eq!(words("tui.icons").split(' ').count(), DRAWN.len());
        for name in DRAWN {
            assert!(icon(Some(&Icon::Drawn(name.to_owned()))).is_some_and(|word| !word.is_empty()), "{name}");
        }
        assert_eq!((icon(Some(&Icon::Drawn("later".into()))), icon(None)), (None, None));
    }

    #[test]
    fn a_row_is_answered_in_one_line() {
        let mut form = Form::add();
        assert_eq!(form.choices(Item::Kind).len(), FormKind::ALL.len());
        assert!(form.answer(Item::Kind, " STEAM ") && form.kind == FormKind::Steam);
        assert!(!form.answer(Item::Kind, "sundial") && form.kind == FormKind::Steam);
        assert!(form.answer(Item::Icon, "bank") && form.value(Item::Icon) == "bank");
        assert!(form.answer(Item::Hidden, "yes") && form.is_marked(Item::Hidden));
        assert!(form.answer(Item::Hidden, "no") && !form.is_marked(Item::Hidden));
        assert!(form.answer(Item::Name, "mara") && form.text(Item::Name) == "mara" && form.is_touched());
        assert!(form.choices(Item::Name).is_empty());
    }
}
