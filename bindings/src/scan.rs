//! What was scanned or pasted, mirrored: nothing is stored or sent here.

use countersign_core::qr;

use crate::record::{Frame, QrSymbol, Scanned};
use crate::{Countersign, CountersignError, caught};

#[uniffi::export]
impl Countersign {
    /// Says what a text is that was pasted, or came by a link.
    pub fn scan_text(&self, text: Vec<u8>) -> Result<Scanned, CountersignError> {
        let text = zeroize::Zeroizing::new(text);
        // What is not UTF-8 is text all the same: of no kind that is taken.
        caught(|| Ok(self.app.scan_text(&String::from_utf8_lossy(&text)).into()))
    }

    /// Looks for codes in a frame of the camera and says what each is. `Busy` is usual: the frame is dropped.
    pub async fn scan_frame(&self, frame: Frame) -> Result<Vec<Scanned>, CountersignError> {
        self.blocking(move |app| Ok(app.scan_frame(frame.try_into()?)?.into_iter().map(Scanned::from).collect())).await
    }

    /// Looks for codes in a picture file (PNG or JPEG) and says what each is.
    pub async fn scan_picture(&self, file: Vec<u8>) -> Result<Vec<Scanned>, CountersignError> {
        self.blocking(move |app| Ok(app.scan_picture(file)?.into_iter().map(Scanned::from).collect())).await
    }
}

/// A text as a QR code, to be drawn. None where it is too long for one.
#[uniffi::export]
pub fn qr_of(text: Vec<u8>) -> Result<Option<QrSymbol>, CountersignError> {
    let text = zeroize::Zeroizing::new(text);
    let drawn = |text| qr::Symbol::new(text).ok().map(QrSymbol::from);
    caught(|| Ok(str::from_utf8(&text).ok().and_then(drawn)))
}
