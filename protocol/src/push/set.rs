//! The sets of names that the schemas write as `"a|b"`.
//!
//! A closed set refuses any other name and with it the message. In the few open ones (push-v1
//! section 2, «Sets») an unknown name is `Other`, which nobody sends.

macro_rules! names {
    ($name:ident) => {
        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

macro_rules! closed_set {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every name of the set.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name as it travels.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::jose::FormError;
            fn from_str(text: &str) -> Result<Self, $crate::jose::FormError> {
                match text { $($text => Ok(Self::$variant),)* _ => Err($crate::jose::FormError::OutsideSet) }
            }
        }

        names!($name);
    };
}

macro_rules! open_set {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
            /// A name that this version does not know. Never sent.
            Other,
        }

        impl $name {
            /// Every name of the set.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name as it travels.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* Self::Other => "other" }
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::jose::FormError;
            fn from_str(text: &str) -> Result<Self, $crate::jose::FormError> {
                Ok(match text { $($text => Self::$variant,)* _ => Self::Other })
            }
        }

        names!($name);
    };
}

pub(super) use {closed_set, names, open_set};

closed_set! {
    /// The system a device runs on.
    Os {
        /// Android.
        Android = "android",
        /// iOS.
        Ios = "ios",
        /// Linux.
        Linux = "linux",
        /// macOS.
        Macos = "macos",
        /// Windows.
        Windows = "windows",
    }
}

impl Os {
    /// What its maker calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Android => "Android",
            Self::Ios => "iOS",
            Self::Linux => "Linux",
            Self::Macos => "macOS",
            Self::Windows => "Windows",
        }
    }
}

closed_set! {
    /// Where a device keeps its signing keys. Without attestation, a statement.
    Level {
        /// A chip of its own.
        Strongbox = "strongbox",
        /// A trusted execution environment.
        Tee = "tee",
        /// Apple's Secure Enclave.
        Enclave = "enclave",
        /// A file.
        Software = "software",
    }
}

closed_set! {
    /// The least level that a policy asks for.
    LeastLevel {
        /// Any level.
        Software = "software",
        /// Hardware of some kind.
        Tee = "tee",
    }
}

impl Level {
    /// Whether this is good enough for a policy: `software` < `tee` = `enclave` < `strongbox`.
    pub fn meets(self, least: LeastLevel) -> bool {
        least == LeastLevel::Software || self != Self::Software
    }
}

closed_set! {
    /// What unlocks the approval key. Fixed when the key is made.
    UserVerification {
        /// Biometrics, or the code of the device.
        Any = "any",
        /// Biometrics alone.
        Bio = "bio",
    }
}

impl UserVerification {
    /// Whether this is good enough for a policy, which takes `bio` too when it asks for `any`.
    pub fn meets(self, wanted: Self) -> bool {
        wanted == Self::Any || self == Self::Bio
    }
}

closed_set! {
    /// Whether a policy wants attestation.
    Attest {
        /// Not asked for.
        None = "none",
        /// Taken when it is there.
        Want = "want",
        /// No enrolment without it.
        Need = "need",
    }
}

closed_set! {
    /// The kinds of attestation.
    AttestationFormat {
        /// Android key attestation.
        AndroidKey = "android-key",
        /// Apple App Attest.
        AppleAppattest = "apple-appattest",
    }
}

closed_set! {
    /// What is pushed.
    PushMode {
        /// The sealed challenge.
        Sealed = "sealed",
        /// A bell alone.
        Wake = "wake",
    }
}

closed_set! {
    /// What a challenge asks about.
    Op {
        /// A login.
        Login = "login",
        /// Something else than a login, said in words.
        Sign = "sign",
        /// Another device for this person.
        Enrol = "enrol",
        /// Nothing: it tells what happened.
        Info = "info",
    }
}

closed_set! {
    /// What a notice tells.
    Info {
        /// A device was added.
        DeviceAdded = "device_added",
        /// A device was removed.
        DeviceRemoved = "device_removed",
        /// A device changed a key.
        KeysChanged = "keys_changed",
        /// The gateway was recovered.
        RecoveryUsed = "recovery_used",
        /// Too many wrong tries.
        Lockout = "lockout",
    }
}

impl Info {
    /// Whether it is about one device, which the notice then names.
    pub fn is_about_device(self) -> bool {
        matches!(self, Self::DeviceAdded | Self::DeviceRemoved | Self::KeysChanged)
    }
}

closed_set! {
    /// Who states the context of a challenge.
    Src {
        /// An application, which states all but the gateway's own part.
        Rp = "rp",
        /// A RADIUS client.
        Radius = "radius",
        /// The gateway itself.
        Direct = "direct",
    }
}

closed_set! {
    /// What about a login is new for this person.
    NewMark {
        /// The network.
        Ip = "ip",
        /// The browser.
        Ua = "ua",
        /// The country.
        Cc = "cc",
        /// A place that cannot be reached since the last login.
        Far = "far",
    }
}

closed_set! {
    /// A decision.
    Res {
        /// It was me. Signed by `ak`.
        Approve = "approve",
        /// No. Signed by `pk`.
        Deny = "deny",
        /// No, and somebody should know. Signed by `pk`.
        Report = "report",
    }
}

impl Res {
    /// The class of key that signs this decision.
    pub fn key_class(self) -> KeyClass {
        match self {
            Self::Approve => KeyClass::Ak,
            Self::Deny | Self::Report => KeyClass::Pk,
        }
    }
}

closed_set! {
    /// The two classes of a device's signing keys.
    KeyClass {
        /// Asks for the person at every use: approves and enrols.
        Ak = "ak",
        /// Asks for nobody: proves requests, denies, reports.
        Pk = "pk",
    }
}

closed_set! {
    /// Why a login was denied or reported.
    AnswerWhy {
        /// It was somebody else.
        NotMe = "not_me",
        /// The person gave it up.
        Cancelled = "cancelled",
        /// The context does not fit.
        WrongContext = "wrong_context",
    }
}

closed_set! {
    /// How a challenge reached the device.
    Via {
        /// In a sealed body.
        Push = "push",
        /// In the answer to a poll.
        Poll = "poll",
        /// In the stream of events.
        Events = "events",
    }
}

closed_set! {
    /// What a gateway made of an answer.
    Status {
        /// Approved.
        Approved = "approved",
        /// Denied.
        Denied = "denied",
        /// Reported.
        Reported = "reported",
        /// Wrong digits, tries left.
        Wrong = "wrong",
        /// Wrong digits, the last try.
        Failed = "failed",
        /// Decided or ended before.
        Closed = "closed",
        /// Too late.
        Expired = "expired",
        /// No such challenge for this device.
        Unknown = "unknown",
        /// Another answer under a used id, or an answer to another text.
        Mismatch = "mismatch",
    }
}

open_set! {
    /// How a challenge ended that a device still held. The only word of State that is not closed.
    ClosedStatus {
        /// Approved, and used perhaps.
        Approved = "approved",
        /// Denied.
        Denied = "denied",
        /// Reported.
        Reported = "reported",
        /// Too many wrong digits.
        Failed = "failed",
        /// Ended by somebody or something else.
        Closed = "closed",
        /// Too late.
        Expired = "expired",
        /// Never heard of.
        Unknown = "unknown",
    }
}

closed_set! {
    /// The state of an enrolled device, as a poll tells it.
    DeviceState {
        /// Waits for its digits.
        Pending = "pending",
        /// May do everything.
        Active = "active",
        /// May deny and report.
        Suspended = "suspended",
    }
}

open_set! {
    /// Why a device is removed. An unknown word is shown as «removed».
    GoneWhy {
        /// Removed on the device.
        Itself = "self",
        /// Removed by the person.
        Person = "person",
        /// Removed by an administrator.
        Admin = "admin",
        /// Replaced by another device.
        Replaced = "replaced",
        /// Its enrolment was refused.
        Refused = "refused",
        /// Its account was deleted.
        Account = "account",
    }
}
