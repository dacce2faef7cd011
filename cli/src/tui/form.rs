//! An account that is typed in by hand, or changed: its fields, and what a key does in them.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::protocol::otp::Algorithm;
use countersign_core::vault::Icon;

pub use words::{hint, icon, label};

use super::field::Field;
use super::state::Key;

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// A new account.
    Add,
    /// A change of one that is there.
    Edit {
        /// Its key.
        id: String,
        /// Issuer and name as one line, as they were.
        name: String,
    },
}

/// How the codes of a new account move on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormKind {
    /// With time.
    Timed,
    /// With each code shown.
    Counted,
    /// Steam Guard: five letters.
    Steam,
    /// Yandex Key: eight letters, with a PIN.
    Yandex,
    /// Mobile-OTP: six hexadecimal digits, with a PIN.
    MOtp,
}

impl FormKind {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Timed, Self::Counted, Self::Steam, Self::Yandex, Self::MOtp];
}

/// One row of a form, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// How its codes move on.
    Kind,
    /// Who issued it.
    Issuer,
    /// For whom.
    Name,
    /// Its key, in base32; of mOTP in hexadecimal digits.
    Key,
    /// The PIN that its codes are made with too.
    Pin,
    /// How long a code is.
    Digits,
    /// How long a code lives, in seconds.
    Period,
    /// From when periods are counted, in Unix time.
    Start,
    /// The counter of the next code.
    Counter,
    /// The hash under HMAC.
    Algorithm,
    /// The person's own words.
    Note,
    /// Its groups, parted by commas.
    Groups,
    /// Its tags, parted by commas.
    Tags,
    /// What is drawn beside it.
    Icon,
    /// Is it a favourite?
    Favourite,
    /// Does it stand first?
    Pinned,
    /// Is its code hidden until it is asked for?
    Hidden,
    /// The row that saves.
    Save,
}

/// A form on the screen.
#[derive(Clone, Debug)]
pub struct Form {
    /// What it is for.
    pub task: Task,
    /// How the codes move on.
    pub kind: FormKind,
    /// How long a code is.
    pub digits: u8,
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// What is drawn beside it; its initials where there is none.
    pub icon: Option<Icon>,
    /// What was drawn beside it before: a picture can be chosen again.
    pub had_icon: Option<Icon>,
    /// The row that keys go to.
    pub at: Item,
    /// Is the key shown while it is typed?
    pub shown: bool,
    /// Is it being saved?
    pub busy: bool,
    /// Why it was not taken.
    pub fault: Option<String>,
    /// Was leaving asked for with something typed?
    pub leaving: bool,
    texts: BTreeMap<Item, Field>,
    marks: BTreeSet<Item>,
    touched: bool,
}

/// What a key on a form came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It stays.
    Stay,
    /// It is left, and nothing is kept.
    Leave,
    /// It is to be saved.
    Save,
}

impl Form {
    /// A new account: six digits every thirty seconds, until the person says otherwise.
    pub fn add() -> Self {
        let mut form = Self::empty(Task::Add, Item::Kind);
        form.texts.insert(Item::Period, Field::of("30"));
        form.texts.insert(Item::Start, Field::of("0"));
        form.texts.insert(Item::Counter, Field::of("0"));
        form
    }

    /// A change of an account, with what it has until now.
    pub fn edit(id: String, name: String) -> Self {
        Self::empty(Task::Edit { id, name }, Item::Issuer)
    }

    fn empty(task: Task, at: Item) -> Self {
        Self {
            task,
            kind: FormKind::Timed,
            digits: 6,
            algorithm: Algorithm::Sha1,
            icon: None,
            had_icon: None,
            at,
            shown: false,
            busy: false,
            fault: None,
            leaving: false,
            texts: BTreeMap::new(),
            marks: BTreeSet::new(),
            touched: false,
        }
    }

    /// The rows that there are.
    pub fn items(&self) -> Vec<Item> {
        use Item::*;
        let all = [Kind, Issuer, Name, Key, Pin, Digits, Period, Start, Counter, Algorithm, Note];
        let kept = [Groups, Tags, Icon, Favourite, Pinned, Hidden, Save];
        let all = all.into_iter().chain(kept);
        let is_there = |item: &Item| match item {
            Period | Start => self.kind == FormKind::Timed,
            Counter => self.kind == FormKind::Counted,
            Digits | Algorithm => matches!(self.kind, FormKind::Timed | FormKind::Counted),
            Pin => matches!(self.kind, FormKind::Yandex | FormKind::MOtp),
            _ => true,
        };
        let is_fixed = |item: &Item| matches!(item, Kind | Key | Pin | Digits | Period | Start | Counter | Algorithm);
        all.filter(is_there).filter(|item| self.task == Task::Add || !is_fixed(item)).collect()
    }

    /// What was typed into a row; `None` for one that is chosen or marked.
    pub fn field(&self, item: Item) -> Option<&Field> {
        self.texts.get(&item)
    }

    /// The text of a row, without blanks at its ends.
    pub fn text(&self, item: Item) -> &str {
        self.texts.get(&item).map_or("", |field| field.text().trim())
    }

    /// The parts of a row that are parted by commas.
    pub fn parts(&self, item: Item) -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        for part in self.text(item).split([',', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
            if !parts.iter().any(|there| there == part) {
                parts.push(part.to_owned());
            }
        }
        parts
    }

    /// Is a row marked?
    pub fn is_marked(&self, item: Item) -> bool {
        self.marks.contains(&item)
    }

    /// Puts a text into a row, as it was.
    pub fn put(&mut self, item: Item, text: &str) {
        let mut field = Field::default();
        field.paste_lines(text);
        self.texts.insert(item, field);
    }

    /// Marks a row, or not, as it was.
    pub fn mark(&mut self, item: Item, on: bool) {
        if on {
            self.marks.insert(item);
        } else {
            self.marks.remove(&item);
        }
    }

    /// Was anything typed, chosen or marked?
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    /// It could not be saved: the words say why, and the row that is to blame is gone to.
    pub fn refused(&mut self, words: String, to_blame: Option<Item>) {
        (self.busy, self.fault) = (false, Some(words));
        if let Some(item) = to_blame.filter(|item| self.items().contains(item)) {
            self.at = item;
        }
    }

    /// Goes to a row, when there is such a one; a click on a choice or a mark changes it as well.
    pub fn pick(&mut self, item: Item) -> Reply {
        if self.busy || !self.items().contains(&item) {
            return Reply::Stay;
        }
        self.at = item;
        match item {
            Item::Save => Reply::Save,
            item if is_text(item) => Reply::Stay,
            _ => {
                self.turn(true);
                Reply::Stay
            }
        }
    }

    /// Takes pasted text into the row that keys go to.
    pub fn paste(&mut self, pasted: &str) {
        if self.busy || !is_text(self.at) {
            return;
        }
        self.touched = true;
        let field = self.texts.entry(self.at).or_default();
        if self.at == Item::Note { field.paste_lines(pasted) } else { field.paste(pasted) }
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Reply {
        if self.busy {
            return Reply::Stay;
        }
        let leaving = std::mem::take(&mut self.leaving);
        match key {
            Key::Esc if self.touched && !leaving => self.leaving = true,
            Key::Esc => return Reply::Leave,
            Key::Save => return Reply::Save,
            Key::Enter if self.at == Item::Save => return Reply::Save,
            Key::Down | Key::Tab | Key::Enter => self.step(1),
            Key::Up | Key::BackTab => self.step(-1),
            Key::Reveal => self.shown = !self.shown,
            key if is_text(self.at) => self.type_key(key),
            Key::Left => self.turn(false),
            Key::Right | Key::Char(' ') => self.turn(true),
            _ => {}
        }
        Reply::Stay
    }

    fn type_key(&mut self, key: Key) {
        let item = self.at;
        let field = self.texts.entry(item).or_default();
        match key {
            Key::NewLine if item == Item::Note => field.push('\n'),
            Key::NewLine => return,
            Key::Left => field.left(),
            Key::Right => field.right(),
            Key::Home => field.home(),
            Key::End => field.end(),
            key => field.key(key),
        }
        self.touched |= matches!(key, Key::Char(_) | Key::Back | Key::Clear | Key::NewLine);
    }

    fn step(&mut self, by: isize) {
        let items = self.items();
        let at = items.iter().position(|item| *item == self.at).unwrap_or_default();
        self.at = items[at.saturating_add_signed(by).min(items.len() - 1)];
    }

    /// The next choice of the row, or the one before; a mark is set or taken away.
    fn turn(&mut self, forward: bool) {
        self.touched = true;
        match self.at {
            Item::Kind => self.kind = turned(&FormKind::ALL, self.kind, forward),
            Item::Digits => self.digits = turned(&[5, 6, 7, 8, 9, 10], self.digits, forward),
            Item::Algorithm => self.algorithm = turned(&Algorithm::ALL, self.algorithm, forward),
            Item::Icon => {
                let all = self.icons();
                let at = all.iter().position(|icon| *icon == self.icon).unwrap_or_default();
                let by = if forward { 1 } else { all.len() - 1 };
                self.icon = all[(at + by) % all.len()].clone();
            }
            item @ (Item::Favourite | Item::Pinned | Item::Hidden) => self.mark(item, !self.is_marked(item)),
            _ => {}
        }
    }
}

/// Is it typed into?
pub fn is_text(item: Item) -> bool {
    use Item::*;
    matches!(item, Issuer | Name | Key | Pin | Period | Start | Counter | Note | Groups | Tags)
}

/// Is what is typed into it masked?
pub fn is_secret(item: Item) -> bool {
    matches!(item, Item::Key | Item::Pin)
}

/// The value behind or before `now`, round and round.
fn turned<T: Copy + PartialEq>(all: &[T], now: T, forward: bool) -> T {
    let at = all.iter().position(|one| *one == now).unwrap_or_default();
    let by = if forward { 1 } else { all.len() - 1 };
    all[(at + by) % all.len()]
}

#[cfg(test)]
mod tests {
    use countersign_core::vault::{DRAWN, IconId};

    use super::*;

    fn typed(form: &mut Form, text: &str) {
        text.chars().for_each(|c| assert_eq!(form.key(Key::Char(c)), Reply::Stay));
    }

    #[test]
    fn enter_leads_through_the_rows_and_saves_at_the_last() {
        let mut form = Form::add();
        let rows = form.items();
        for row in &rows[..rows.len() - 1] {
            assert_eq!((form.at, form.key(Key::Enter)), (*row, Reply::Stay));
        }
        assert_eq!((form.at, form.key(Key::Enter)), (Item::Save, Reply::Save));
        form.key(Key::Down);
        assert_eq!(form.at, Item::Save, "there is none behind the last");
        form.key(Key::BackTab);
        assert_eq!(form.at, Item::Hidden);
    }

    #[test]
    fn an_icon_is_chosen_among_the_set_and_the_picture_that_was_there() {
        let mut form = Form::edit("1".into(), "GitHub".into());
        let picture = Some(Icon::Picture(IconId(7)));
        (form.icon, form.had_icon, form.at) = (picture.clone(), picture.clone(), Item::Icon);
        form.key(Key::Right);
        assert_eq!(form.icon, Some(Icon::Drawn(DRAWN[0].to_owned())));
        form.key(Key::Left);
        assert_eq!(form.icon, picture);
        form.key(Key::Left);
        assert_eq!((form.icon.clone(), form.is_touched()), (None, true));
        form.key(Key::Left);
        assert_eq!(form.icon, Some(Icon::Drawn(DRAWN[DRAWN.len() - 1].to_owned())), "round and round");
    }

    #[test]
    fn the_kind_says_which_rows_there_are() {
        let mut form = Form::add();
        assert!(form.items().contains(&Item::Period) && !form.items().contains(&Item::Counter));
        form.key(Key::Right);
        assert_eq!(form.kind, FormKind::Counted);
        assert!(!form.items().contains(&Item::Period) && form.items().contains(&Item::Counter));
        for (kind, has_pin) in [(FormKind::Steam, false), (FormKind::Yandex, true), (FormKind::MOtp, true)] {
            form.key(Key::Right);
            let items = form.items();
            assert_eq!((form.kind, items.contains(&Item::Pin), items.contains(&Item::Digits)), (kind, has_pin, false));
        }
        form.key(Key::Right);
        assert_eq!((form.kind, form.text(Item::Period)), (FormKind::Timed, "30"), "round and round");
        let edit = Form::edit("1".into(), "GitHub".into()).items();
        assert!(!edit.contains(&Item::Key) && !edit.contains(&Item::Kind), "what a code is made of is not changed");
    }

    #[test]
    fn what_is_parted_by_commas_is_taken_apart() {
        let mut form = Form::add();
        form.put(Item::Groups, " Work,, Home , Work,");
        assert_eq!(form.parts(Item::Groups), ["Work", "Home"]);
        assert!(form.parts(Item::Tags).is_empty());
    }

    #[test]
    fn only_a_note_has_lines() {
        let mut form = Form::edit("1".into(), "GitHub".into());
        form.paste("one\ntwo");
        form.key(Key::NewLine);
        assert_eq!(form.text(Item::Issuer), "onetwo");
        form.at = Item::Note;
        form.paste("one\ntwo");
        form.key(Key::NewLine);
        typed(&mut form, "three");
        assert_eq!(form.text(Item::Note), "one\ntwo\nthree");
    }

    #[test]
    fn what_was_typed_is_not_thrown_away_by_one_key() {
        let mut form = Form::add();
        assert_eq!(form.key(Key::Esc), Reply::Leave, "nothing was typed");
        form.at = Item::Issuer;
        typed(&mut form, "GitHub");
        assert_eq!((form.key(Key::Esc), form.leaving), (Reply::Stay, true));
        typed(&mut form, "!");
        assert_eq!((form.key(Key::Esc), form.key(Key::Esc)), (Reply::Stay, Reply::Leave));
    }

    #[test]
    fn while_it_is_saved_nothing_is_typed() {
        let mut form = Form::add();
        form.at = Item::Key;
        form.busy = true;
        form.key(Key::Char('A'));
        form.paste("B");
        assert_eq!((form.key(Key::Esc), form.text(Item::Key)), (Reply::Stay, ""));
        form.refused("No.".into(), Some(Item::Issuer));
        assert_eq!((form.at, form.busy), (Item::Issuer, false));
        form.refused("No.".into(), Some(Item::Counter));
        assert_eq!(form.at, Item::Issuer, "there is no such row now");
    }

    #[test]
    fn what_is_secret_does_not_show_in_debug() {
        let mut form = Form::add();
        form.put(Item::Key, "GEZDGNBV");
        form.put(Item::Note, "canary");
        let shown = format!("{form:?}");
        assert!(!shown.contains("GEZDGNBV") && !shown.contains("canary"), "{shown}");
    }
}
