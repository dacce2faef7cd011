//! What an [`InputError`](super::InputError) is about: closed lists, so that a shell has words for each of them.

use std::fmt;

macro_rules! names {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $case:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $case,)+
        }

        impl $name {
            /// All of them, for tests.
            pub const ALL: &[Self] = &[$(Self::$case,)+];

            /// Its name for programs and the log; a shell has words of its own for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$case => $text,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

names! {
    /// A value that was given.
    Named {
        /// All accounts of a vault.
        Accounts = "accounts",
        /// The app's name, as a phone tells it.
        App = "app",
        /// How long a vault stays open untouched.
        AutoLock = "auto-lock",
        /// A HOTP counter.
        Counter = "counter",
        /// The digits of a code or an approval.
        Digits = "digits",
        /// Where bells go.
        Endpoint = "endpoint",
        /// The text of an enrolment code.
        Enrolment = "enrolment",
        /// The name of a group.
        Group = "group",
        /// The groups of a vault, or of an account.
        Groups = "groups",
        /// What a hidden vault holds.
        Hidden = "hidden vault",
        /// The file of an icon pack, or its list.
        IconPack = "icon pack",
        /// All icon packs.
        IconPacks = "icon packs",
        /// Who issued an account.
        Issuer = "issuer",
        /// What a passphrase's key costs to derive.
        KeyDerivation = "key derivation",
        /// The name of a key in a keystore.
        KeyName = "key name",
        /// The text of another code of ours.
        Link = "link",
        /// A phone's model, as it tells it.
        Model = "model",
        /// For whom an account is.
        Name = "name",
        /// The person's own words on an account.
        Note = "note",
        /// The files in an icon pack.
        PackFiles = "files of an icon pack",
        /// All that an icon pack holds, unpacked.
        PackUnpacked = "icon pack, unpacked",
        /// A passphrase.
        Passphrase = "passphrase",
        /// The PIN of an account.
        Pin = "PIN",
        /// A TOTP period.
        Period = "period",
        /// A picture of an account.
        Picture = "picture",
        /// All pictures of a vault.
        Pictures = "pictures",
        /// What is searched for.
        Search = "search",
        /// A seed.
        Secret = "secret",
        /// The slots of a vault.
        Slots = "slots",
        /// The moment from which TOTP counts.
        Start = "start",
        /// A tag of an account.
        Tag = "tag",
        /// All letters of an account's tags, in bytes.
        TagBytes = "tag bytes",
        /// The tags of an account.
        Tags = "tags",
        /// The name of an owner's key of hardware tokens, or of a batch.
        TokenName = "token name",
        /// What is kept of hardware tokens.
        TokenRows = "rows of hardware tokens",
        /// A vault's file.
        VaultFile = "vault file",
        /// How long a poll may wait.
        Wait = "wait",
    }
}

names! {
    /// A rule that a value breaks, whatever the value.
    Rule {
        /// No control characters.
        Control = "no control characters",
        /// So many digits as an approval may have.
        Digits = "2 to 10 digits",
        /// At least one character.
        Empty = "not empty",
        /// A code that enrols.
        Enrolment = "not an enrolment link",
        /// An address that bells may go to.
        Endpoint = "https, at most 1000 bytes",
        /// A link of ours that names the host it leads to.
        Host = "link of another host",
        /// An icon pack in Aegis' form.
        IconPack = "a zip archive with pack.json, as Aegis has it",
        /// Cost of a key: memory.
        KdfMemory = "memory of 19 MiB to 1 GiB",
        /// Cost of a key: passes.
        KdfPasses = "1 to 20 passes",
        /// Cost of a key: lanes.
        KdfLanes = "1 to 16 lanes",
        /// Cost of a key: memory times passes.
        KdfWork = "memory times passes of 38 MiB to 8 GiB",
        /// Cost of a key, beside what it cost before.
        KdfLeast = "no less than the vault's own",
        /// What a keystore's names are made of.
        KeyName = "1 to 64 of A-Z a-z 0-9 - _",
        /// A link of the kind that was asked for.
        LinkKind = "not a link of this kind",
        /// Few marks on a letter.
        Marks = "at most four marks on a letter",
        /// An icon pack with an icon that can be drawn.
        NoPngIcons = "icons in PNG or JPEG",
        /// Text that normal form C does not make three times as long.
        Ordinary = "ordinary text",
        /// Another passphrase than the one that it stands beside.
        Other = "another than the other one",
        /// A passphrase's length.
        PassphraseLength = "1 to 1,024 bytes",
        /// A PIN of this kind of account.
        Pin = "4 to 16 digits (Yandex), 1 to 16 digits or letters (mOTP)",
        /// A PIN, where the kind has one.
        PinMissing = "a PIN, which this kind has",
        /// A picture of ours.
        Picture = "a PNG or JPEG picture that can be read",
        /// A number's range.
        Range = "range",
        /// A seed's length.
        SeedLength = "1 to 128 bytes",
        /// A seed of Yandex.
        SeedYandex = "16 bytes, or 26 whose check digits are right",
        /// Nothing that hides or reorders text.
        Shown = "no characters that hide or reorder text",
        /// Length and characters of a name that is shown.
        ShownName = "length, or a character that is not shown",
        /// UTF-8.
        Utf8 = "UTF-8",
        /// How long a poll may wait.
        Wait = "0 to 30 seconds",
    }
}
