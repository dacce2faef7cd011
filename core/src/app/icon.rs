//! Icons of applications (push-v1 section 4): shown only when they are what a signed challenge names.

use std::time::Duration;

use countersign_protocol::jose::{H32, Id};

use super::poll::Stop;
use super::{App, lock};
use crate::cancel::Cancel;
use crate::error::{Error, GatewayError, PortError};
use crate::limits;
use crate::push::call::Call;
use crate::push::icon;

impl App {
    /// The icon that [`super::ApprovalRow::ico`] names, as PNG of 128×128: the kept one, or the gateway's. None when the
    /// gateway has none, or what it gave is not it, and then it is not asked again while the app runs; the card is shown
    /// all the same.
    ///
    /// # Errors
    /// [`crate::error::InputError::NotFound`] when there is no such enrolment; [`Error::Port`] from network and keystore.
    pub fn icon(&self, gateway: Id, hash: &H32, cancel: &Cancel) -> Result<Option<Vec<u8>>, Error> {
        if let Some(kept) = self.state()?.devices.icon(hash) {
            return Ok(Some(kept));
        }
        let link = self.link(gateway);
        if lock(&link.no_icons).contains(hash) {
            return Ok(None);
        }
        let path = format!("icon/{hash}");
        let png = match self.call(gateway, &link, Call::get(&path), Duration::ZERO, cancel) {
            Ok(png) => Some(png).filter(|png| icon::is_it(png, hash)),
            Err(Stop::Fault(Error::Gateway(GatewayError::Status(404)) | Error::Port(PortError::TooLarge))) => None,
            Err(stop) => return Err(stop.into()),
        };
        let Some(png) = png else {
            let mut missing = lock(&link.no_icons);
            if missing.len() >= limits::ICONS_MOST {
                missing.clear();
            }
            missing.insert(*hash);
            return Ok(None);
        };
        let once = self.ports.random.array()?;
        // It is fetched again when it could not be kept.
        let _ = self.state()?.devices.keep_icon(hash, &png, once);
        Ok(Some(png))
    }
}
