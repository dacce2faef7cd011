//! Approving by the page's code or without a network, and what is over, mirrored.

use std::sync::Arc;

use countersign_core::app;

use crate::record::{ApprovalRow, NoticeRow, PastRow, Verdict};
use crate::{CancelHandle, Countersign, CountersignError, approval, caught, text};

/// What the camera saw on a login page. Only `scan_frame` makes one.
#[derive(uniffi::Object)]
pub struct PageCode(app::PageCode);

impl PageCode {
    pub(crate) const fn of(core: app::PageCode) -> Self {
        Self(core)
    }
}

#[uniffi::export]
impl PageCode {
    /// Host and port of the gateway that it names.
    pub fn host(&self) -> String {
        self.0.host().to_owned()
    }
}

/// A sign-in that waits for an answer code, as it was scanned or pasted. Nothing is known yet of who signed it.
#[derive(uniffi::Object)]
pub struct OfflineCode(app::OfflineCode);

impl OfflineCode {
    pub(crate) const fn of(core: app::OfflineCode) -> Self {
        Self(core)
    }
}

#[uniffi::export]
impl OfflineCode {
    /// Host and port of the gateway that it names.
    pub fn host(&self) -> String {
        self.0.host().to_owned()
    }
}

#[uniffi::export]
impl Countersign {
    /// Finds the approval of a page that the camera saw; its id. Asks each gateway at its host.
    pub async fn page_approval(
        &self,
        page: Arc<PageCode>,
        cancel: Arc<CancelHandle>,
    ) -> Result<String, CountersignError> {
        self.blocking(move |app| Ok(app.page_approval(&page.0, &cancel.token())?.to_string())).await
    }

    /// Approves a login by the code that the camera saw on its page. Waits for the keystore's prompt and the gateway.
    pub async fn approve_by_qr(
        &self,
        id: String,
        page: Arc<PageCode>,
        cancel: Arc<CancelHandle>,
    ) -> Result<Verdict, CountersignError> {
        self.blocking(move |app| Ok(app.approve_by_qr(approval(&id)?, &page.0, &cancel.token())?.into())).await
    }

    /// Reads the text of a page's code for an answer code. Nothing is sent.
    pub fn offline_code(&self, scanned: Vec<u8>) -> Result<Arc<OfflineCode>, CountersignError> {
        caught(|| Ok(Arc::new(OfflineCode(self.app.offline_code(text(&scanned)?)?))))
    }

    /// What it asks, verified: shown before its answer is.
    pub fn offline_row(&self, code: &OfflineCode) -> Result<ApprovalRow, CountersignError> {
        caught(|| Ok(self.app.offline_row(&code.0)?.into()))
    }

    /// The eight digits that answer it, to be typed where the sign-in began. Waits for the keystore's prompt.
    pub async fn answer_code(
        &self,
        code: Arc<OfflineCode>,
        cancel: Arc<CancelHandle>,
    ) -> Result<String, CountersignError> {
        self.blocking(move |app| Ok(app.answer_code(&code.0, &cancel.token())?.to_string())).await
    }

    /// What was decided and told on this phone in the last 90 days, newest first.
    pub async fn history(&self) -> Result<Vec<PastRow>, CountersignError> {
        self.blocking(|app| Ok(app.history()?.into_iter().map(PastRow::from).collect())).await
    }

    /// What gateways tell, newest first: nothing is asked, and it can be put away.
    pub fn notices(&self) -> Result<Vec<NoticeRow>, CountersignError> {
        caught(|| Ok(self.app.notices().into_iter().map(NoticeRow::from).collect()))
    }

    /// Puts a notice away.
    pub async fn dismiss(&self, id: String) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.dismiss(approval(&id)?)?)).await
    }
}
