//! What a key does on the page of hardware tokens, and what is told of one.

use countersign_strings::text;

use super::page::scrolled;
use crate::tui::field::Field;
use crate::tui::model::TokenRow;
use crate::tui::state::{
    Effect, Key, Over, Page, Row, SheetOf, State, Talk, TokenAsk, TokenPage, TokenQuestion, TokenTask,
};

impl State {
    /// Opens the page; it is filled when the ledger was read.
    pub(super) fn open_tokens(&mut self, out: &mut Vec<Effect>) {
        let account = match self.chosen() {
            Some(Row::Account(account)) => Some((account.id.clone(), account.line())),
            _ => None,
        };
        self.page = Page::Tokens(TokenPage { account, ..TokenPage::default() });
        out.push(Effect::Tokens);
    }

    pub(super) fn ledger_read(&mut self, rows: Vec<TokenRow>) {
        if let Page::Tokens(page) = &mut self.page {
            page.selected = page.selected.min(rows.len().saturating_sub(1));
            page.rows = rows;
        }
    }

    pub(super) fn token_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        let Page::Tokens(page) = &mut self.page else { return };
        if let Some(talk) = &mut page.talk {
            if talk.key(key, out) {
                page.talk = None;
                out.push(Effect::Tokens);
            }
            return;
        }
        if let Some(sheet) = &mut page.sheet {
            if matches!(key, Key::Enter | Key::Esc | Key::Char('?' | 'q' | ' ')) {
                return page.sheet = None;
            }
            let lines = match sheet.of {
                SheetOf::Keys => text("tui.help_tokens").lines().count(),
                SheetOf::Row => page.rows.get(page.selected).map_or(0, |row| row.details.len()),
            };
            return sheet.top = scrolled(sheet.top, key, lines);
        }
        let task = match key {
            Key::Esc | Key::Char('T' | 'q') => return self.page = Page::List,
            Key::Char('?') => return page.lay(SheetOf::Keys),
            Key::Enter if page.rows.is_empty() => return,
            Key::Enter => return page.lay(SheetOf::Row),
            Key::Char('i') => TokenTask::Info,
            Key::Char('w') => TokenTask::WriteTyped,
            Key::Char('a') => match &page.account {
                Some((id, _)) => TokenTask::WriteAccount(id.clone()),
                None => return,
            },
            Key::Char('p') => TokenTask::WritePicture,
            Key::Char('t') => TokenTask::TakeUp,
            Key::Char('v') => TokenTask::Prove,
            Key::Char('c') => TokenTask::Clock,
            Key::Char('R') => TokenTask::Reset,
            key => return page.selected = scrolled(page.selected, key, page.rows.len()),
        };
        page.begin();
        out.push(Effect::Token(task));
    }

    pub(super) fn token_said(&mut self, words: String) {
        if let Page::Tokens(TokenPage { talk: Some(talk), .. }) = &mut self.page {
            talk.said.push(words);
        }
    }

    /// Where the page is left meanwhile nobody answers.
    pub(super) fn token_asks(&mut self, question: TokenQuestion, out: &mut Vec<Effect>) {
        match &mut self.page {
            Page::Tokens(TokenPage { talk: Some(talk), .. }) => talk.asks = Some(TokenAsk::new(question)),
            _ => out.push(Effect::TokenAnswer(None)),
        }
    }

    pub(super) fn token_over(&mut self, how: Over, words: Option<String>) {
        if let Page::Tokens(TokenPage { talk: Some(talk), .. }) = &mut self.page {
            talk.asks = None;
            talk.over = Some(how);
            talk.said.extend(words);
        }
    }
}

impl Talk {
    /// Takes a key; `true` when the talk is left.
    fn key(&mut self, key: Key, out: &mut Vec<Effect>) -> bool {
        if self.over.is_some() {
            return matches!(key, Key::Enter | Key::Esc | Key::Char(' ' | 'q'));
        }
        let Some(asked) = &mut self.asks else {
            if key == Key::Esc {
                out.push(Effect::TokenStop);
            }
            return false;
        };
        let answer = match (&asked.question, key) {
            (_, Key::Esc) => Some(None),
            (TokenQuestion::YesNo(_), Key::Char('y' | 'Y')) => Some(Some(Field::of("y"))),
            (TokenQuestion::YesNo(_), Key::Char('n' | 'N')) => Some(Some(Field::of("n"))),
            (TokenQuestion::YesNo(_), _) => None,
            (TokenQuestion::Choice(_), Key::Enter) => Some(Some(Field::of(&asked.selected.to_string()))),
            (TokenQuestion::Choice(names), key) => {
                asked.selected = scrolled(asked.selected, key, names.len());
                None
            }
            (_, Key::Enter) => Some(Some(asked.field.clone())),
            (_, key) => {
                asked.field.key(key);
                None
            }
        };
        if let Some(answer) = answer {
            self.answered(answer.as_ref());
            out.push(Effect::TokenAnswer(answer));
        }
        false
    }

    /// What was asked stays in sight, with what was answered where that is no secret.
    fn answered(&mut self, answer: Option<&Field>) {
        let Some(TokenAsk { question, selected, .. }) = self.asks.take() else { return };
        let typed = answer.map(Field::text).unwrap_or_default();
        match question {
            TokenQuestion::Line(words) => self.said.push(format!("{words} {typed}")),
            TokenQuestion::Choice(names) => self.said.extend(names.into_iter().nth(selected)),
            TokenQuestion::YesNo(_) | TokenQuestion::Hidden(_) => {}
        }
    }
}
