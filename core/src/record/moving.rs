//! A move to another phone, as the old phone keeps it (push-v1 section 11, «Move»).

use countersign_protocol::jose::Id;
use countersign_protocol::push::{ConfirmRequest, InviteRequest, Joining};
use serde::{Deserialize, Serialize};

use super::Uri;

/// An invitation of this device for its successor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invitation {
    /// What is posted; on disk before it is sent, and repeated byte for byte until its receipt comes.
    pub request: InviteRequest,
    /// When it was begun, by the phone's clock.
    pub began: u64,
    /// The gateway refused it, unsigned: the person starts again with a new one.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub refused: bool,
    /// What the receipt brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<InviteCode>,
    /// The device that enrolled by it and waits for its digits, as the last State says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joining: Option<Joining>,
    /// The digits that were typed last, signed; on disk before they are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<ConfirmRequest>,
    /// The gateway took the digits.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub confirmed: bool,
}

/// The code that the new phone scans. Whoever reads it can enrol, so `Debug` hides it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InviteCode {
    /// Its id, which the gateway names while a device waits.
    pub e: Id,
    /// When it ends, in gateway time.
    pub x: u64,
    /// The text of its QR.
    pub link: Uri,
}
