//! Icons of applications (push-v1 section 4): shown only when they are what a signed challenge names.

use std::time::Duration;

use countersign_protocol::jose::{H32, Id};

use super::App;
use super::poll::Stop;
use crate::cancel::Cancel;
use crate::error::{Error, GatewayError, PortError};
use crate::push::call::Call;
use crate::push::icon;

impl App {
    /// The icon that [`super::ApprovalRow::ico`] names, as PNG of 128×128: the kept one, or the gateway's. None when the
    /// gateway has none, or what it gave is not it; the card is shown all the same.
    ///
    /// # Errors
    /// [`crate::error::InputError::NotFound`] when there is no such enrolment; [`Error::Port`] from network and keystore.
    pub fn icon(&self, gateway: Id, hash: &H32, cancel: &Cancel) -> Result<Option<Vec<u8>>, Error> {
        if let Some(kept) = self.state()?.devices.icon(hash) {
            return Ok(Some(kept));
        }
        let path = format!("icon/{hash}");
        let png = match self.call(gateway, &self.link(gateway), Call::get(&path), Duration::ZERO, cancel) {
            Ok(png) => png,
            Err(Stop::Fault(Error::Gateway(GatewayError::Status(404)) | Error::Port(PortError::TooLarge))) => {
                return Ok(None);
            }
            Err(stop) => return Err(stop.into()),
        };
        if !icon::is_it(&png, hash) {
            return Ok(None);
        }
        let once = self.ports.random.array()?;
        // It is fetched again when it could not be kept.
        let _ = self.state()?.devices.keep_icon(hash, &png, once);
        Ok(Some(png))
    }
}
