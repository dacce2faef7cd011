//! Finding by a few letters: which of many names is meant.

/// How well `typed` names `name`: more is better, `None` where it does not. Each word of `typed` stands in `name`, letter by
/// letter and in order, with others between; best where they stand together, and at the beginning of a word.
pub fn score(typed: &str, name: &str) -> Option<u32> {
    let name: Vec<char> = folded(name);
    typed.split_whitespace().try_fold(0, |sum, word| Some(sum + of_word(&folded(word), &name)?))
}

/// Those of `names` that `typed` may mean, the best first; alike ones in their order. All, where nothing is typed.
pub fn best<'n, T>(typed: &str, names: &'n [T], text: impl Fn(&T) -> String) -> Vec<&'n T> {
    let mut found: Vec<(u32, &T)> = names.iter().filter_map(|name| Some((score(typed, &text(name))?, name))).collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, name)| name).collect()
}

/// What a letter is worth by where it stands.
const BEGINS_ALL: u32 = 12;
const BEGINS_WORD: u32 = 8;
const FOLLOWS: u32 = 5;
const STANDS: u32 = 1;

/// The best of all ways to find the letters of `word` in `name`: one row of a table a letter, each cell the best that ends
/// with that letter there.
fn of_word(word: &[char], name: &[char]) -> Option<u32> {
    let mut row: Vec<Option<u32>> = vec![None; name.len()];
    for (letter, wanted) in word.iter().enumerate() {
        let mut before = (letter == 0).then_some(0);
        let mut next = vec![None; name.len()];
        for (at, found) in name.iter().enumerate() {
            let beside = at.checked_sub(1).and_then(|at| row[at]).map(|score| score + FOLLOWS);
            if found == wanted {
                let begins = match at.checked_sub(1).map(|at| name[at].is_alphanumeric()) {
                    None => BEGINS_ALL,
                    Some(false) => BEGINS_WORD,
                    Some(true) => STANDS,
                };
                next[at] = before.max(beside).map(|score| score + begins);
            }
            before = before.max(row[at]);
        }
        row = next;
    }
    row.into_iter().flatten().max()
}

fn folded(text: &str) -> Vec<char> {
    use unicode_normalization::UnicodeNormalization;
    text.nfkc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] =
        ["GitLab (mara)", "GitHub (mara)", "Big Hut (mara)", "Bank of the North", "AWS root", "Zürich Ü"];

    fn found(typed: &str) -> Vec<&'static str> {
        best(typed, &NAMES, |name| (*name).to_owned()).into_iter().copied().collect()
    }

    #[test]
    fn letters_in_order_find_a_name_and_those_together_find_it_first() {
        assert_eq!(found("gh"), ["GitHub (mara)", "Big Hut (mara)"]);
        assert_eq!(found("hub"), ["GitHub (mara)"]);
        assert_eq!(found("git mara"), ["GitLab (mara)", "GitHub (mara)"]);
        assert_eq!(found("botn"), ["Bank of the North"]);
        assert_eq!(found("zü ü"), ["Zürich Ü"]);
        assert_eq!(found("bng"), Vec::<&str>::new());
    }

    #[test]
    fn nothing_typed_finds_all_in_their_order() {
        assert_eq!(found("  "), NAMES);
    }

    #[test]
    fn wide_and_other_letters_are_folded() {
        assert!(score("ＡＷＳ", "aws root").is_some());
        assert_eq!(score("aws", ""), None);
    }
}
