//! Which row goes to which token: by serial number, else the next in line; each row once. What was burned is remembered by
//! numbers and serial numbers alone, so that a batch can be put down and taken up again.

use std::collections::BTreeMap;

use ring::digest;
use serde::{Deserialize, Serialize};

use super::credential::{Moving, Serial};
use super::source::Row;

/// The rows of a source, and which token each was burned into.
#[derive(Debug, Clone)]
pub struct Batch {
    rows: Vec<Row>,
    done: BTreeMap<usize, Serial>,
}

/// How far a batch is: a plain value without a seed, to be kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What tells the source from another: its lines, serial numbers and settings, no seed.
    source: String,
    /// Serial numbers of tokens, by the line of the row that each holds.
    done: BTreeMap<usize, String>,
}

/// Why no row goes to a token, or a batch cannot be taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssignError {
    /// This token holds the row of this line already.
    #[error("the token holds line {0} already")]
    Burned(usize),
    /// No row is left.
    #[error("no row is left")]
    NoneLeft,
    /// Rows are left, and all of them are for other tokens.
    #[error("{0} rows are left, all of them for other tokens")]
    ForOthers(usize),
    /// There is no row on this line.
    #[error("no row on line {0}")]
    NoRow(usize),
    /// The row of this line is for another token, or was burned.
    #[error("line {0} is not this token's")]
    NotItsRow(usize),
    /// The progress is of another source.
    #[error("the progress of another source")]
    OtherSource,
}

impl Batch {
    /// Begins with rows of which none is burned. Lines are taken for their names: each has its own.
    pub fn new(rows: Vec<Row>) -> Self {
        Self { rows, done: BTreeMap::new() }
    }

    /// Goes on with rows that were kept together with the tokens that they went to.
    pub(crate) fn kept(rows: Vec<Row>, done: BTreeMap<usize, Serial>) -> Self {
        Self { rows, done }
    }

    /// Goes on where an earlier one was put down.
    ///
    /// # Errors
    /// [`AssignError::OtherSource`] where the rows are not those that it was begun with.
    pub fn resumed(rows: Vec<Row>, progress: &Progress) -> Result<Self, AssignError> {
        let mut batch = Self::new(rows);
        if progress.source != batch.name() {
            return Err(AssignError::OtherSource);
        }
        for (line, serial) in &progress.done {
            let serial = Serial::try_from(serial.as_str()).map_err(|_| AssignError::OtherSource)?;
            batch.burned(*line, &serial).map_err(|_| AssignError::OtherSource)?;
        }
        Ok(batch)
    }

    /// The row for this token: the one that names it, else the first that names none. Nothing is remembered yet.
    ///
    /// # Errors
    /// See [`AssignError`].
    pub fn row_for(&self, serial: &Serial) -> Result<&Row, AssignError> {
        self.row_that(serial, |_| true)
    }

    /// The same where not every row fits this token: of those that name none the first that does, else the first, which then says
    /// why it does not.
    ///
    /// # Errors
    /// See [`AssignError`].
    pub fn row_that(&self, serial: &Serial, fits: impl Fn(&Row) -> bool) -> Result<&Row, AssignError> {
        let taken = self.taken(serial);
        let left = || self.left().filter(|row| is_free(&taken, row));
        if let Some(row) = left().find(|row| row.credential.serial.as_ref() == Some(serial)) {
            return Ok(row);
        }
        let unnamed = || left().filter(|row| row.credential.serial.is_none());
        let next = unnamed().find(|row| fits(row)).or_else(|| unnamed().next());
        match (next, taken.first()) {
            (Some(row), _) => Ok(row),
            (None, Some((line, _))) => Err(AssignError::Burned(*line)),
            (None, None) => match self.left().count() {
                0 => Err(AssignError::NoneLeft),
                left => Err(AssignError::ForOthers(left)),
            },
        }
    }

    /// What of this batch is in this token: lines, and the profile that each said.
    fn taken(&self, serial: &Serial) -> Vec<(usize, Option<u8>)> {
        let lines = self.done.iter().filter(|(_, burned)| *burned == serial).map(|(line, _)| *line);
        let profile = |line| self.rows.iter().find(|row| row.line == line).and_then(|row| row.profile);
        lines.map(|line| (line, profile(line))).collect()
    }

    /// Remembers that the row of this line is in this token.
    ///
    /// # Errors
    /// [`AssignError::NoRow`]; [`AssignError::NotItsRow`] for a row that another token has, or is to have;
    /// [`AssignError::Burned`] for a token that has another in the same place.
    pub fn burned(&mut self, line: usize, serial: &Serial) -> Result<(), AssignError> {
        let row = self.rows.iter().find(|row| row.line == line).ok_or(AssignError::NoRow(line))?;
        let is_for = row.credential.serial.as_ref().is_none_or(|named| named == serial);
        if !is_for || self.done.get(&line).is_some_and(|burned| burned != serial) {
            return Err(AssignError::NotItsRow(line));
        }
        let others: Vec<_> = self.taken(serial).into_iter().filter(|(other, _)| *other != line).collect();
        if let Some((other, _)) = others.iter().find(|other| !is_free(&[**other], row)) {
            return Err(AssignError::Burned(*other));
        }
        self.done.insert(line, serial.clone());
        Ok(())
    }

    /// Gives the row of this line back, as when its token turned out broken, or is burned once more by choice.
    pub fn give_back(&mut self, line: usize) {
        self.done.remove(&line);
    }

    /// Every row, in the order of the source.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Rows that are in no token yet, in the order of the source.
    pub fn left(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !self.done.contains_key(&row.line))
    }

    /// The token that holds the row of this line.
    pub fn token_of(&self, line: usize) -> Option<&Serial> {
        self.done.get(&line)
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let done = self.done.iter().map(|(line, serial)| (*line, serial.to_string())).collect();
        Progress { source: self.name(), done }
    }

    /// What tells this source from another. Seeds stay out of it: a short one could be found by trying.
    fn name(&self) -> String {
        let mut hash = digest::Context::new(&digest::SHA256);
        for row in &self.rows {
            let of = &row.credential;
            let moving = match of.moving {
                Moving::Time(period) => format!("t{}+{}", period.seconds(), period.start()),
                Moving::Counter(counter) => format!("c{}", counter.get()),
            };
            let serial = of.serial.as_ref().map_or("", Serial::as_str);
            let texts = [&of.issuer, &of.name, &row.manufacturer, &row.model, &moving, serial];
            let numbers = (row.line, row.profile, of.seed.len(), of.algorithm, of.digits.get());
            hash.update(format!("{numbers:?}{texts:?}\n").as_bytes());
        }
        hash.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Whether a token that holds these has a place for this row: one profile takes one row, and a row that names none takes the
/// whole token.
fn is_free(taken: &[(usize, Option<u8>)], row: &Row) -> bool {
    let is_apart = |held: Option<u8>| held.zip(row.profile).is_some_and(|(held, wanted)| held != wanted);
    taken.iter().all(|(_, held)| is_apart(*held))
}

#[cfg(test)]
mod tests {
    use super::super::source::{Choices, Kind, read};
    use super::*;

    fn rows(text: &str) -> Vec<Row> {
        read(Kind::Table, text.as_bytes(), Choices::default()).unwrap().rows
    }

    fn serial(text: &str) -> Serial {
        Serial::try_from(text).unwrap()
    }

    const MIXED: &str = "serial,secret_hex,profile\nb,0101,\n,0202,\n,0303,\n";

    #[test]
    fn a_row_goes_to_the_token_that_it_names_else_the_next_in_line() {
        let mut batch = Batch::new(rows(MIXED));
        let line = |batch: &Batch, token: &str| batch.row_for(&serial(token)).map(|row| row.line);
        assert_eq!(line(&batch, "b"), Ok(2));
        assert_eq!((line(&batch, "x"), line(&batch, "y")), (Ok(3), Ok(3)), "asking remembers nothing");
        batch.burned(3, &serial("x")).unwrap();
        assert_eq!((line(&batch, "x"), line(&batch, "y")), (Err(AssignError::Burned(3)), Ok(4)));
        assert_eq!(batch.burned(4, &serial("x")), Err(AssignError::Burned(3)));
        assert_eq!(batch.burned(3, &serial("y")), Err(AssignError::NotItsRow(3)));
        assert_eq!(batch.burned(2, &serial("y")), Err(AssignError::NotItsRow(2)));
        assert_eq!(batch.burned(9, &serial("y")), Err(AssignError::NoRow(9)));
        assert_eq!(batch.burned(3, &serial("x")), Ok(()), "once more is the same");
        batch.burned(4, &serial("y")).unwrap();
        assert_eq!(line(&batch, "z"), Err(AssignError::ForOthers(1)));
        batch.burned(2, &serial("b")).unwrap();
        assert_eq!(line(&batch, "z"), Err(AssignError::NoneLeft));
        assert_eq!((batch.left().count(), batch.token_of(4)), (0, Some(&serial("y"))));
        batch.give_back(4);
        assert_eq!((line(&batch, "y"), batch.rows().len()), (Ok(4), 3));
    }

    #[test]
    fn a_row_that_does_not_fit_a_token_keeps_no_other_from_it() {
        let mut batch = Batch::new(rows(MIXED));
        let fits = |row: &Row| row.line != 3;
        let line = |batch: &Batch, token: &str| batch.row_that(&serial(token), fits).map(|row| row.line);
        assert_eq!((line(&batch, "x"), line(&batch, "b")), (Ok(4), Ok(2)));
        batch.burned(4, &serial("x")).unwrap();
        assert_eq!(line(&batch, "y"), Ok(3), "the one that is left says why it does not fit");
        assert_eq!(line(&batch, "x"), Err(AssignError::Burned(4)));
    }

    #[test]
    fn a_token_with_profiles_takes_a_row_for_each() {
        let mut batch = Batch::new(rows("secret_hex,profile\n0101,0\n0202,1\n"));
        for wanted in [2, 3] {
            let line = batch.row_for(&serial("m")).unwrap().line;
            assert_eq!(line, wanted);
            batch.burned(line, &serial("m")).unwrap();
        }
        assert_eq!(batch.row_for(&serial("m")).unwrap_err(), AssignError::Burned(2));
    }

    #[test]
    fn a_profile_takes_one_row_and_the_next_of_it_waits_for_another_token() {
        let mut batch = Batch::new(rows("secret_hex,profile\n0101,2\n0202,2\n0303,3\n0404,\n"));
        let line = |batch: &Batch, token: &str| batch.row_for(&serial(token)).map(|row| row.line);
        batch.burned(2, &serial("m")).unwrap();
        assert_eq!((line(&batch, "m"), line(&batch, "n")), (Ok(4), Ok(3)), "the second seed would go over the first");
        assert_eq!(batch.burned(3, &serial("m")), Err(AssignError::Burned(2)));
        batch.burned(4, &serial("m")).unwrap();
        assert_eq!(line(&batch, "m"), Err(AssignError::Burned(2)), "a row without a profile is for a token of its own");
        assert_eq!(batch.burned(5, &serial("m")), Err(AssignError::Burned(2)));
        batch.burned(3, &serial("n")).unwrap();
        assert_eq!((line(&batch, "n"), line(&batch, "o")), (Err(AssignError::Burned(3)), Ok(5)));
        let again = Batch::resumed(batch.rows().to_vec(), &batch.progress()).unwrap();
        assert_eq!(again.left().count(), 1);
    }

    #[test]
    fn a_batch_is_taken_up_where_it_was_put_down_and_not_with_another_source() {
        let mut batch = Batch::new(rows(MIXED));
        batch.burned(3, &serial("x")).unwrap();
        let kept = serde_json::to_string(&batch.progress()).unwrap();
        assert!(!kept.contains("0202"));
        let progress: Progress = serde_json::from_str(&kept).unwrap();
        let again = Batch::resumed(rows(MIXED), &progress).unwrap();
        assert_eq!((again.progress(), again.left().map(|row| row.line).collect()), (batch.progress(), vec![2, 4]));
        for other in
            ["serial,secret_hex\nb,0101\n,0202\n,030303\n", "serial,secret_hex,digits\nb,0101,8\n,0202,\n,0303,\n"]
        {
            assert_eq!(Batch::resumed(rows(other), &progress).unwrap_err(), AssignError::OtherSource);
        }
        let wrong = kept.replace("\"3\":\"x\"", "\"2\":\"x\"");
        let wrong: Progress = serde_json::from_str(&wrong).unwrap();
        assert_eq!(Batch::resumed(rows(MIXED), &wrong).unwrap_err(), AssignError::OtherSource);
    }
}
