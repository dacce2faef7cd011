//! What stands around every page.

/// Title, and who is signed in.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// The page's title, without the product's name.
    pub title: String,
    /// The name of who is signed in; shown with a button to sign out.
    pub person: Option<String>,
    /// The form token; needed by the button to sign out.
    pub token: String,
}

impl Frame {
    /// A page for anybody.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), ..Self::default() }
    }

    /// A page for somebody who is signed in.
    pub fn signed_in(title: &str, person: &str, token: String) -> Self {
        Self { title: title.to_owned(), person: Some(person.to_owned()), token }
    }
}
