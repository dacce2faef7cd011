//! Why input is not taken: by form (malformed) or by fact (refused). Names only, never input.

use core::fmt;

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name, fit for a log.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl core::error::Error for $name {}
    };
}

reasons! {
    /// Malformed input: which rule of form it breaks. A gateway answers 400 `malformed`.
    FormError {
        /// Longer than the limit for its kind.
        Large = "over its limit",
        /// Not strict base64url.
        Base64 = "not strict base64url",
        /// Strict base64url of another number of bytes than asked for.
        Size = "wrong number of bytes",
        /// Not UTF-8.
        Utf8 = "not UTF-8",
        /// Not JSON, or something after the object.
        Json = "not JSON",
        /// The outermost value is not an object.
        NotObject = "not an object",
        /// One name twice in an object.
        NameTwice = "a name twice",
        /// A `null`.
        Null = "null",
        /// A number that is not `0` or `[1-9][0-9]*` up to 2^53 − 1.
        Number = "not a plain number",
        /// Nested too deep.
        Depth = "nested too deep",
        /// Half of a surrogate pair.
        Surrogate = "lone surrogate",
        /// A member that must be there is not.
        Missing = "a member is missing",
        /// A member of the wrong type.
        Type = "a member has the wrong type",
        /// A value outside its closed set.
        OutsideSet = "a value is outside its set",
        /// A number or a count outside its range.
        Range = "a value is outside its range",
        /// The same entry twice in a list of different ones.
        EntryTwice = "an entry twice",
        /// A member that this kind of message does not have.
        Unexpected = "a member is out of place",
        /// Any other departure from the schema.
        Schema = "does not fit the schema",
        /// Shown text with a forbidden character, empty, or too long.
        Text = "text not fit to be shown",
        /// Not an address as section 2 writes it.
        Ip = "not a canonical address",
        /// Not a base URL of section 2.
        BaseUrl = "not a base URL",
        /// Not the three parts of a compact JWS.
        Parts = "not a compact JWS",
        /// A JWS header that is not exactly `alg`, `kid`, `typ`.
        Header = "not the header of this protocol",
        /// Another `alg` than ES256.
        Alg = "another alg",
        /// Another `typ` than expected.
        Typ = "another typ",
        /// A signature that is not 64 bytes, or with r or s outside 1…n−1.
        Signature = "not a signature",
        /// Not a P-256 public key in the form asked for.
        Key = "not a P-256 key",
        /// `iat` not before `exp`, or a longer life than allowed.
        Life = "a life that is not allowed",
        /// A link that is not one of ours.
        Link = "not a link of this protocol",
    }
}

reasons! {
    /// Right in form, not acceptable: which check failed. For the log of the side that checks; the
    /// other side learns less.
    Refused {
        /// Signed by a key that does not count here.
        Key = "key does not count",
        /// `kid` is not the thumbprint of the key.
        Kid = "kid is not the key's",
        /// The signature does not verify.
        Signature = "signature does not verify",
        /// `iss` is somebody else.
        Issuer = "another iss",
        /// `aud` is somebody else.
        Audience = "another aud",
        /// `gk` of an enrolment is another gateway key.
        GatewayKey = "another gk",
        /// `htm` of a proof is another method.
        Method = "another htm",
        /// `htu` of a proof is another URL.
        Url = "another htu",
        /// `bh` of a proof is not the hash of the body.
        Body = "another bh",
        /// `cm` does not belong to the request.
        CodeMac = "cm does not fit",
        /// `eh` of a receipt is not the hash of the own request.
        Request = "eh of another request",
        /// `nh` is not the hash of the request to change a key.
        OtherKeys = "nh of another request",
        /// The new key is one that is known already.
        KnownKey = "a key that is known already",
        /// A link or a recovery step that does not say who signed it.
        Signer = "not by the key it names",
        /// A recovery step without the next recovery key.
        NoRecoveryKey = "recovery without gr",
        /// Answer codes are not offered.
        Offline = "answer codes are off",
        /// A notice is told, and not answered by code.
        Notice = "a notice takes no code",
        /// Two keys of one enrolment are the same.
        SameKeys = "keys are not different",
        /// The metadata does not hold the pin of the code.
        Pin = "pins do not hold p",
        /// Metadata of another epoch.
        Epoch = "another epoch",
        /// Metadata older than what is kept.
        Sequence = "lower seq",
        /// Metadata that changes `gr`.
        RecoveryKey = "gr changed",
        /// Past its time by the clock that counts.
        Expired = "expired",
        /// A life that is not allowed.
        Life = "a life that is not allowed",
        /// Closed before.
        Closed = "closed before",
        /// A result for another answer or another challenge.
        OtherAnswer = "result of another answer",
        /// A sealed body that does not open.
        Sealed = "does not open",
        /// A push endpoint that is not allowed.
        Endpoint = "endpoint not allowed",
    }
}

impl FormError {
    /// The reason of that name, if it is one. Serde carries errors of fields as text only.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == name)
    }
}
