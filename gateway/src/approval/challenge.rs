//! The challenge of one device for one approval, in the 4096 characters that a JWS of its kind may have.

use std::net::IpAddr;

use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::{Challenge, Context, Src};
use countersign_protocol::text::{ShownIp, T64, T128, is_forbidden};
use unicode_normalization::UnicodeNormalization;

use super::record::NewChallenge;
use super::service::Ask;
use crate::issuer::{Issuer, SignFault};
use crate::origin::Origin;

/// What all devices of one approval are asked alike.
#[derive(Debug, Clone)]
pub struct Question {
    /// The approval.
    pub aid: Id,
    /// Gateway time.
    pub iat: u64,
    /// End of the asking.
    pub exp: u64,
    /// The person's account.
    pub acct: T128,
    /// The registered name of what asks.
    pub app: T64,
    /// SHA-256 of its icon.
    pub ico: Option<H32>,
    /// What is asked.
    pub ask: Ask,
    /// How many digits the page shows.
    pub digits: u8,
    /// Where the browser is.
    pub ip: IpAddr,
    /// What the browser says it is.
    pub ua: Option<T64>,
    /// Where that is, and what of it is new.
    pub origin: Origin,
}

impl Question {
    /// The signed challenge for one device. When it would be too long, the browser is left out, then the network, then
    /// the city.
    ///
    /// # Errors
    /// [`SignFault`].
    pub fn ask(&self, issuer: &Issuer, did: Id, jti: Id) -> Result<NewChallenge, SignFault> {
        let claims = self.claims(issuer, did, jti)?.fit(issuer.key().thumbprint())?;
        let signed = issuer.sign(&claims)?;
        Ok(NewChallenge { jti, did, ch: signed.h, jws: signed.jws })
    }

    /// What is asked, of nobody yet, as it is stored with the approval: JSON.
    ///
    /// # Errors
    /// [`SignFault::Form`].
    pub fn text(&self, issuer: &Issuer) -> Result<String, SignFault> {
        let nobody = Id::from_bytes([0; 16]);
        // Claims are texts and numbers, which JSON can always write.
        Ok(serde_json::to_string(&self.claims(issuer, nobody, nobody)?).unwrap_or_default())
    }

    fn claims(&self, issuer: &Issuer, did: Id, jti: Id) -> Result<Challenge, SignFault> {
        Ok(Challenge {
            iss: issuer.u().clone(),
            aud: did,
            jti,
            aid: self.aid,
            iat: self.iat,
            exp: self.exp,
            op: self.ask.op(),
            acct: self.acct.clone(),
            app: self.app.clone(),
            ico: self.ico,
            nm: u64::from(self.digits).try_into()?,
            ctx: Context {
                src: Src::Direct,
                ip: Some(ShownIp::from(self.ip)),
                cc: self.origin.cc,
                city: self.origin.city.clone(),
                asn: self.origin.asn.clone(),
                ua: self.ua.clone(),
                new: self.origin.new.clone().try_into().ok(),
            },
            msg: self.ask.msg(),
            info: None,
            dev: None,
        })
    }
}

/// A browser by name and system, from its `User-Agent`; what is not recognised is cut to 64 characters that may be shown.
pub fn browser(user_agent: &str) -> Option<T64> {
    let has = |word: &str| user_agent.contains(word);
    let name =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari")]
            .iter()
            .find(|(word, _)| has(word))
            .map(|(_, name)| *name);
    let system = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]
    .iter()
    .find(|(word, _)| has(word))
    .map(|(_, name)| *name);
    let text = match (name, system) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        _ => user_agent.nfc().filter(|c| !is_forbidden(*c)).take(64).collect(),
    };
    T64::try_from(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_protocol::push::{Message, NewMark, Op};

    use super::*;
    use crate::port::SignerFactory;
    use crate::port::machine::RingSigners;

    fn issuer() -> Issuer {
        let factory = RingSigners::default();
        let signer = factory.load(&factory.generate().unwrap()).unwrap();
        Issuer::new("https://gate.example.com", "Gate", Arc::clone(&signer)).unwrap()
    }

    fn question(filler: char) -> Question {
        let text = |count| std::iter::repeat_n(filler, count).collect::<String>();
        Question {
            aid: Id::from_bytes([4; 16]),
            iat: 1_795_260_000,
            exp: 1_795_260_120,
            acct: text(128).try_into().unwrap(),
            app: text(64).try_into().unwrap(),
            ico: Some(H32::from_bytes([255; 32])),
            ask: Ask::Sign { msg: text(256).try_into().unwrap(), hold: 600 },
            digits: 6,
            ip: "2001:db8:1234:5678:9abc:def0:1234:5678".parse().unwrap(),
            ua: Some(text(64).try_into().unwrap()),
            origin: Origin {
                cc: "DE".to_owned().try_into().ok(),
                city: text(64).try_into().ok(),
                asn: text(64).try_into().ok(),
                new: NewMark::ALL.to_vec(),
            },
        }
    }

    #[test]
    fn the_longest_texts_fit_in_every_script() {
        let (issuer, did, jti) = (issuer(), Id::from_bytes([1; 16]), Id::from_bytes([3; 16]));
        for filler in ['a', '"', '\u{20ac}', '\u{1f600}'] {
            let made = question(filler).ask(&issuer, did, jti).unwrap();
            let read = Message::<Challenge>::parse(&made.jws).unwrap();
            assert_eq!((read.h(), read.claims().jti, read.claims().aud), (made.ch, jti, did), "{filler}");
            let claims = read.verify(&issuer.key()).unwrap().into_claims();
            assert_eq!((claims.op, claims.msg.is_some(), claims.ico.is_some()), (Op::Sign, true, true), "never cut");
            // Only four bytes a character are too long with all of it, and then the browser goes first.
            assert_eq!(claims.ctx.ua.is_some(), filler.len_utf8() < 4, "{filler}");
        }
    }

    #[test]
    fn the_stored_question_is_the_claims_for_nobody() {
        let issuer = issuer();
        let claims: Challenge = serde_json::from_str(&question('a').text(&issuer).unwrap()).unwrap();
        assert_eq!((claims.aud, claims.exp, claims.app.as_str().len()), (Id::from_bytes([0; 16]), 1_795_260_120, 64));
    }

    #[test]
    fn browsers_are_named_briefly_and_nothing_hidden_is_shown() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        assert_eq!(browser(firefox).unwrap().as_str(), "Firefox on Linux");
        let chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36";
        assert_eq!(browser(chrome).unwrap().as_str(), "Chrome on Windows");
        assert_eq!(browser("curl\u{202e}/8").unwrap().as_str(), "curl/8");
        assert_eq!(browser(&"x".repeat(500)).unwrap().as_str().len(), 64);
        assert_eq!(browser("Ko\u{308}ln").unwrap().as_str(), "K\u{f6}ln", "senders send NFC");
        assert_eq!(browser("\u{200b}"), None);
    }
}
