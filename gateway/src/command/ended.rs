//! How a command ends when it does not end well: words for the operator, and the answer to «refused or failed?».

use std::io;

use countersign_protocol::jose::FormError;

use super::words;
use crate::chain::ChainFault;
use crate::config::ConfigFault;
use crate::issuer::SignFault;
use crate::person::PersonFault;
use crate::port::PortFault;
use crate::start::StartFault;
use crate::store::StoreFault;
use crate::webpush::vapid::VapidFault;

/// Why a command ended without doing what it should.
#[derive(Debug)]
pub(super) enum Ended {
    /// The answer is no: 1.
    Refused(String),
    /// Something does not work: 2.
    Failed(String),
}

impl From<ConfigFault> for Ended {
    fn from(fault: ConfigFault) -> Self {
        Self::Failed(words::of_config(&fault))
    }
}

impl From<StartFault> for Ended {
    fn from(fault: StartFault) -> Self {
        Self::Failed(words::of_start(&fault))
    }
}

impl From<StoreFault> for Ended {
    fn from(fault: StoreFault) -> Self {
        Self::Failed(words::of_store(&fault))
    }
}

impl From<PortFault> for Ended {
    fn from(fault: PortFault) -> Self {
        Self::Failed(words::of_port(fault).to_owned())
    }
}

impl From<SignFault> for Ended {
    fn from(fault: SignFault) -> Self {
        Self::Failed(words::of_sign(fault).to_owned())
    }
}

impl From<FormError> for Ended {
    fn from(fault: FormError) -> Self {
        SignFault::from(fault).into()
    }
}

impl From<io::Error> for Ended {
    fn from(fault: io::Error) -> Self {
        Self::Failed(words::of_system(&fault))
    }
}

impl From<ChainFault> for Ended {
    fn from(fault: ChainFault) -> Self {
        let words = words::of_chain(&fault);
        match fault {
            ChainFault::Full
            | ChainFault::NoRecovery
            | ChainFault::OtherRecovery
            | ChainFault::HasRecovery
            | ChainFault::Prepared
            | ChainFault::Enrolled(_) => Self::Refused(words),
            ChainFault::Store(_)
            | ChainFault::Seal(_)
            | ChainFault::Port(_)
            | ChainFault::Sign(_)
            | ChainFault::Tls(_) => Self::Failed(words),
        }
    }
}

impl From<VapidFault> for Ended {
    fn from(fault: VapidFault) -> Self {
        let words = words::of_vapid(&fault);
        match fault {
            VapidFault::Kept => Self::Refused(words),
            VapidFault::Store(_) | VapidFault::Seal(_) | VapidFault::Port(_) | VapidFault::Sign(_) => {
                Self::Failed(words)
            }
        }
    }
}

impl From<PersonFault> for Ended {
    fn from(fault: PersonFault) -> Self {
        let words = words::of_person(&fault);
        match fault {
            PersonFault::Name | PersonFault::Taken | PersonFault::Unknown | PersonFault::Password(_) => {
                Self::Refused(words)
            }
            PersonFault::Busy | PersonFault::Wait(_) | PersonFault::Store(_) | PersonFault::Port(_) => {
                Self::Failed(words)
            }
        }
    }
}
