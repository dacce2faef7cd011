//! The child that holds the clipboard. It knows nothing but the code and for how long, and ends by itself.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::time::Duration;

use countersign_core::error::PortError;
use zeroize::Zeroizing;

use crate::limits;

/// Takes the code of standard input into the clipboard, says so on standard output by one byte, and holds it for `seconds`.
///
/// # Errors
/// [`PortError::Unavailable`] where there is no display, [`PortError::TooLarge`] for what is no code.
pub fn hold(seconds: &OsStr) -> Result<(), PortError> {
    let seconds = seconds.to_str().and_then(|seconds| seconds.parse().ok()).ok_or(PortError::Failed)?;
    let mut code = Zeroizing::new(String::with_capacity(limits::COPIED + 1));
    let most = limits::COPIED as u64 + 1;
    io::stdin().lock().take(most).read_to_string(&mut code).map_err(|_| PortError::Failed)?;
    if code.is_empty() || code.len() > limits::COPIED {
        return Err(PortError::TooLarge);
    }
    // Of a session of its own, so that no Ctrl-C and no closed window takes the code away too soon. Who leads one already has it.
    #[cfg(unix)]
    let _ = rustix::process::setsid();
    let held = own(&code)?;
    let mut out = io::stdout().lock();
    out.write_all(b"\n").and_then(|()| out.flush()).map_err(|_| PortError::Cancelled)?;
    wait(Duration::from_secs(seconds));
    // Dropped it would offer what it holds to a clipboard manager, or take away what has taken its place.
    std::mem::forget(held);
    Ok(())
}

#[cfg(all(unix, not(target_os = "macos")))]
fn own(code: &str) -> Result<arboard::Clipboard, PortError> {
    use arboard::SetExtLinux;
    let mut clipboard = arboard::Clipboard::new().map_err(|_| PortError::Unavailable)?;
    clipboard.set().exclude_from_history().text(code).map_err(|_| PortError::Failed)?;
    Ok(clipboard)
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn own(_: &str) -> Result<(), PortError> {
    // Here what is held does not end with who holds it: the terminal is asked instead.
    Err(PortError::Unavailable)
}

#[expect(clippy::disallowed_methods, reason = "this is the adapter that waits")]
fn wait(time: Duration) {
    std::thread::sleep(time);
}
