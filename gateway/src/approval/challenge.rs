//! The challenge of one device for one approval, in the 4096 characters that a JWS of its kind may have.

use std::net::IpAddr;

use countersign_protocol::jose::Id;
use countersign_protocol::push::{Challenge, Context, Op, Src};
use countersign_protocol::text::{ShownIp, T64, T128, is_forbidden};

use super::record::NewChallenge;
use crate::issuer::{Issuer, SignFault};

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
    /// How many digits the page shows.
    pub digits: u8,
    /// Where the browser is.
    pub ip: IpAddr,
    /// What the browser says it is.
    pub ua: Option<T64>,
}

impl Question {
    /// The signed challenge for one device. What would make it too long is left out in the protocol's order: browser,
    /// network, city.
    ///
    /// # Errors
    /// [`SignFault`].
    pub fn ask(&self, issuer: &Issuer, did: Id, jti: Id) -> Result<NewChallenge, SignFault> {
        let claims = self.claims(issuer, did, jti)?.fit(issuer.key().thumbprint())?;
        let signed = issuer.sign(&claims)?;
        Ok(NewChallenge { jti, did, ch: signed.h, jws: signed.jws })
    }

    fn claims(&self, issuer: &Issuer, did: Id, jti: Id) -> Result<Challenge, SignFault> {
        Ok(Challenge {
            iss: issuer.u().clone(),
            aud: did,
            jti,
            aid: self.aid,
            iat: self.iat,
            exp: self.exp,
            op: Op::Login,
            acct: self.acct.clone(),
            app: self.app.clone(),
            ico: None,
            nm: u64::from(self.digits).try_into()?,
            ctx: Context {
                src: Src::Direct,
                ip: Some(ShownIp::from(self.ip)),
                cc: None,
                city: None,
                asn: None,
                ua: self.ua.clone(),
                new: None,
            },
            msg: Default::default(),
            info: Default::default(),
            dev: Default::default(),
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
        _ => user_agent.chars().filter(|c| !is_forbidden(*c)).take(64).collect(),
    };
    T64::try_from(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_protocol::push::Message;

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
            digits: 6,
            ip: "2001:db8::1".parse().unwrap(),
            ua: Some(text(64).try_into().unwrap()),
        }
    }

    #[test]
    fn the_longest_texts_fit_in_every_script() {
        let (issuer, did, jti) = (issuer(), Id::from_bytes([1; 16]), Id::from_bytes([3; 16]));
        for filler in ['a', '"', '\u{20ac}', '\u{1f600}'] {
            let made = question(filler).ask(&issuer, did, jti).unwrap();
            let read = Message::<Challenge>::parse(&made.jws).unwrap();
            assert_eq!((read.h(), read.claims().jti, read.claims().aud), (made.ch, jti, did), "{filler}");
            assert!(read.verify(&issuer.key()).is_ok());
        }
    }

    #[test]
    fn browsers_are_named_briefly_and_nothing_hidden_is_shown() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        assert_eq!(browser(firefox).unwrap().as_str(), "Firefox on Linux");
        let chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36";
        assert_eq!(browser(chrome).unwrap().as_str(), "Chrome on Windows");
        assert_eq!(browser("curl\u{202e}/8").unwrap().as_str(), "curl/8");
        assert_eq!(browser(&"x".repeat(500)).unwrap().as_str().len(), 64);
        assert_eq!(browser("\u{200b}"), None);
    }
}
