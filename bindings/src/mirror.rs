//! Names that both sides know.

/// A set of names that both sides know, each way. A new name in core does not compile until it is here.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident = $core:path { $($(#[$vdoc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl From<$core> for $name {
            fn from(core: $core) -> Self {
                use $core as Core;
                match core { $(Core::$variant => Self::$variant,)* }
            }
        }

        impl From<$name> for $core {
            fn from(name: $name) -> Self {
                use $core as Core;
                match name { $($name::$variant => Core::$variant,)* }
            }
        }
    };
}
