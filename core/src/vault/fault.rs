//! What SQLite could not do, and what its errors mean.

use rusqlite::ErrorCode;

use crate::error::{Error, PortError};

/// The index of the log, which processes share beside the file, does not fit on the disk any more.
pub(super) const NO_ROOM_FOR_INDEX: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// What SQLite could not do.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file is not as it must be; searching it may still help.
    Broken,
    /// Anything else.
    Error(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<PortError> for Fault {
    fn from(error: PortError) -> Self {
        Self::Error(error.into())
    }
}

impl From<Fault> for Error {
    /// A file that breaks while it is open is a fault of the disk; the next unlock mends it.
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Broken => PortError::Disk.into(),
            Fault::Error(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, _) = error else { return Self::Broken };
        let corrupt = [rusqlite::ffi::SQLITE_IOERR_SHORT_READ, rusqlite::ffi::SQLITE_IOERR_CORRUPTFS];
        match failure.code {
            ErrorCode::DiskFull => PortError::DiskFull.into(),
            ErrorCode::SystemIoFailure if NO_ROOM_FOR_INDEX == failure.extended_code => PortError::DiskFull.into(),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
                PortError::Busy.into()
            }
            ErrorCode::OutOfMemory => PortError::Memory.into(),
            ErrorCode::SystemIoFailure if !corrupt.contains(&failure.extended_code) => PortError::Disk.into(),
            ErrorCode::CannotOpen => PortError::Disk.into(),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => PortError::Denied.into(),
            _ => Self::Broken,
        }
    }
}
