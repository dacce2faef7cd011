//! The table at which tokens are written: the seat, what a burn takes from the desk, the log, and what is kept of it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::burn::{
    Declined, Family, Found, Held, Hints, Identity, KeyProfile, LinkError, Met, Progress, TokenError, TokenName, Tools,
    holds, meet,
};
use countersign_core::cancel::Cancel;
use countersign_core::port::{Clock, Random};
use countersign_core::protocol::Secret;
use countersign_core::system::{SystemClock, SystemRandom};
use countersign_strings::{fill, text};
use zeroize::Zeroizing;

use super::applet::{Choice, Fit};
use super::args::{Proving, Where};
use super::kept::{self, Burns, Passing};
use super::log::{Log, Noted};
use super::seat::{self, Seat};
use crate::command::Context;
use crate::fault::Fault;
use crate::outside::isolated;
use crate::port::interrupt::Interrupt;
use crate::port::pause;
use crate::{token_words, when, words};

/// How often a token is met anew when its link is lost while it is asked what it is.
const MEETINGS: u32 = 3;

/// How many bytes the key of a single-profile token has.
const SINGLE_KEY: usize = 16;

/// Where tokens are written.
pub struct Table<'c> {
    /// Questions and words.
    pub context: &'c Context,
    /// Where the token lies.
    pub seat: Box<dyn Seat>,
    /// What is kept of burns.
    pub burns: Box<dyn Burns>,
    /// What can be handed over.
    pub log: Log,
    /// Whether to stop.
    pub interrupt: Interrupt,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    cancel: Cancel,
    likely: Option<Family>,
    /// Which applet of a security key is meant.
    pub applet: Choice,
    /// The token that lay there last: what is known of it was said.
    last: Option<TokenName>,
    patience: Option<Duration>,
    key: Option<OwnKey>,
    /// What was said, and is not said of the next token again.
    said: News,
    /// Whether the next token was asked for, in words of its own.
    is_asked_for: bool,
}

/// What was said of tokens before.
#[derive(Default)]
pub struct News(HashSet<String>);

impl News {
    /// Whether this is to be said: it was not, of a token before.
    pub fn is_first(&mut self, words: &str) -> bool {
        self.0.insert(words.to_owned())
    }
}

/// The owner's key, as it was given.
enum OwnKey {
    Typed(Zeroizing<String>),
    Kept(Family, KeyProfile),
}

/// Why nothing could be done with a token.
#[derive(Debug)]
pub enum NotMet {
    /// It is of a kind that is not served.
    Declined(Declined),
    /// It did not answer as a token does.
    Token(TokenError),
    /// It is another one than is meant.
    Other(Identity),
    /// The reader, the machine, or nobody laid a token there.
    Fault(Fault),
}

impl From<Fault> for NotMet {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<NotMet> for Fault {
    fn from(why: NotMet) -> Self {
        match why {
            NotMet::Declined(why) => Self::refused(token_words::of_declined(why)),
            NotMet::Token(error) => of_error(error),
            NotMet::Other(identity) => Self::refused(token_words::of_other(&identity)),
            NotMet::Fault(fault) => fault,
        }
    }
}

/// What a token's error is to a script: the link and the machine failed, the token refused.
pub fn of_error(error: TokenError) -> Fault {
    let fault = match error {
        TokenError::Link(_) | TokenError::Port(_) => Fault::failed(token_words::of_error(error)),
        error => Fault::refused(token_words::of_error(error)),
    };
    fault.with_details(&error)
}

impl<'c> Table<'c> {
    /// Sits down. The owner's key is asked for, or taken from what is kept, where that is wanted.
    pub fn open(context: &'c Context, on: &Where, proving: &Proving) -> Result<Self, Fault> {
        let mut table = Self::to_look(context, on)?;
        // Where no account is opened, the passphrase is still the first line of its descriptor, and no seed.
        if table.seat.is_emulated() {
            context.terminal.read_descriptor()?;
        }
        table.applet = Choice::of(on.applet, false);
        table.burns = kept::open(context, table.seat.is_emulated())?;
        table.key = match &proving.kept_key {
            Some(name) => {
                let (family, key) = table.burns.key(name)?;
                Some(OwnKey::Kept(family, key))
            }
            None if proving.own_key => Some(OwnKey::Typed(context.terminal.line(text("token.key_ask"), true)?)),
            None => None,
        };
        Ok(table)
    }

    /// Sits down to look at tokens: nothing is written, nothing is kept, and nothing is asked for.
    pub fn to_look(context: &'c Context, on: &Where) -> Result<Self, Fault> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let random: Arc<dyn Random> = Arc::new(SystemRandom::new());
        let seat = seat::find(&context.terminal, on, &clock, &random)?;
        let log = match context.token_log.get() {
            Some(log) => log.clone(),
            None => {
                let log = Log::open(on.log.as_deref(), Arc::clone(&clock))?;
                context.token_log.get_or_init(|| log).clone()
            }
        };
        let internal = |why: std::io::Error| Fault::failed(words::caused(text("error.internal").to_owned(), &why));
        let interrupt = context.terminal.interrupt().map_or_else(Interrupt::listen, Ok).map_err(internal)?;
        Ok(Self {
            context,
            burns: Box::new(Passing::default()),
            seat,
            log,
            interrupt,
            clock,
            random,
            cancel: Cancel::default(),
            likely: None,
            applet: Choice::of(on.applet, true),
            last: None,
            patience: on.wait.map(Duration::from_secs),
            key: None,
            said: News::default(),
            is_asked_for: false,
        })
    }

    /// Waits for a token, finds out what it is, and does something with it. The link ends with that.
    ///
    /// # Errors
    /// [`NotMet`].
    pub fn with<R>(&mut self, does: impl FnOnce(&mut Found<'_>, At<'_>) -> R) -> Result<R, NotMet> {
        // Who stops it meanwhile is told what came of it.
        let interrupt = self.interrupt.clone();
        interrupt.hold(|| self.met(does))
    }

    fn met<R>(&mut self, does: impl FnOnce(&mut Found<'_>, At<'_>) -> R) -> Result<R, NotMet> {
        let mut left = MEETINGS;
        loop {
            self.wait()?;
            let Self { context, seat, log, clock, random, cancel, likely, applet, last, burns, key, interrupt, .. } =
                self;
            let (name, is_emulated) = (seat.name(), seat.is_emulated());
            let tools = Tools { clock: &**clock, random: &**random, cancel };
            let Some(link) = seat.link()? else {
                if left <= 1 {
                    return Err(NotMet::Token(LinkError::Lost.into()));
                }
                left -= 1;
                a_moment(is_emulated, &**clock);
                continue;
            };
            log.opened(&name);
            let mut link = Noted { link, log: log.clone() };
            let likely_first = applet.family().or(*likely);
            let met = meet(&mut link, Hints { reader: Some(&name), likely: likely_first }, tools);
            let met = match met {
                Ok(Met::Token(mut found)) if matches!(applet.fit(found.identity().family), Fit::Unknown) => {
                    let first = found.identity().clone();
                    match found.others(tools) {
                        Ok(others) if others.is_empty() => {
                            applet.settle(&context.terminal, vec![first])?;
                            Ok(Met::Token(found))
                        }
                        Ok(others) => {
                            // A person who chooses may take their time: no link waits for that.
                            drop(found);
                            drop(link);
                            *likely = Some(first.family);
                            applet.settle(&context.terminal, [vec![first], others].concat())?;
                            continue;
                        }
                        Err(error) => Err(error),
                    }
                }
                met => met,
            };
            match met {
                Ok(Met::Token(found)) if matches!(applet.fit(found.identity().family), Fit::Other) => {
                    return Err(NotMet::Other(found.identity().clone()));
                }
                Ok(Met::Token(mut found)) => {
                    log.token(found.identity());
                    *likely = Some(found.identity().family);
                    let key = key_of(found.identity(), key.as_ref())?;
                    let token = TokenName::from(found.identity());
                    if last.as_ref() != Some(&token) {
                        let words = unfinished(&mut found, &token, &mut **burns, &key, tools)?;
                        words.iter().for_each(|words| context.terminal.say(words));
                        *last = Some(token);
                    }
                    return Ok(does(&mut found, At { tools, burns: &mut **burns, key, interrupt }));
                }
                Ok(Met::Declined(why)) => return Err(NotMet::Declined(why)),
                Err(TokenError::Link(LinkError::Lost)) if left > 1 => {}
                Err(error) => return Err(NotMet::Token(error)),
            }
            left -= 1;
            a_moment(is_emulated, &**clock);
        }
    }

    /// Whether this is to be said: it was not, of a token before.
    pub fn is_news(&mut self, words: &str) -> bool {
        self.said.is_first(words)
    }

    /// What was said of tokens, for while one is on the link; it goes back [again](Self::again).
    pub fn news(&mut self) -> News {
        std::mem::take(&mut self.said)
    }

    /// Takes it back.
    pub fn again(&mut self, news: News) {
        self.said = news;
    }

    /// Waits until a token lies there.
    ///
    /// # Errors
    /// A [`Fault`] when nobody laid one there in time.
    pub fn wait(&mut self) -> Result<(), Fault> {
        let (seat, terminal) = (&mut self.seat, &self.context.terminal);
        let name = isolated(&seat.name());
        let go_on = until(&self.clock, &self.interrupt, self.patience);
        let is_asked_for = std::mem::take(&mut self.is_asked_for);
        let waits = || {
            if !is_asked_for {
                terminal.say(&fill("token.lay_one", &[("reader", &name)]));
            }
        };
        if self.interrupt.hold(|| seat.wait(&go_on, &waits))? { Ok(()) } else { Err(nobody(&self.interrupt)) }
    }

    /// Waits until the token was taken away, and the next may be laid there, which whoever calls this has asked for.
    ///
    /// # Errors
    /// A [`Fault`] when nobody took it away in time.
    pub fn next(&mut self) -> Result<(), Fault> {
        self.is_asked_for = true;
        let go_on = until(&self.clock, &self.interrupt, self.patience);
        if self.interrupt.hold(|| self.seat.next(&go_on))? { Ok(()) } else { Err(nobody(&self.interrupt)) }
    }
}

/// What is at hand while a token is on the link.
pub struct At<'t> {
    /// What a burn takes.
    pub tools: Tools<'t>,
    /// What is kept of burns.
    pub burns: &'t mut dyn Burns,
    /// The key that is proven to the token.
    pub key: KeyProfile,
    /// Holds back an end in the middle of a write.
    pub interrupt: &'t Interrupt,
}

/// The key that is proven to a token: the owner's, where one was given, or its maker's.
fn key_of(identity: &Identity, given: Option<&OwnKey>) -> Result<KeyProfile, Fault> {
    match given {
        None => Ok(KeyProfile::Vendor),
        Some(OwnKey::Typed(typed)) => Ok(KeyProfile::Own(own_key(identity.family, typed)?)),
        Some(OwnKey::Kept(family, key)) if identity.family.takes_keys_of(*family) => Ok(key.clone()),
        Some(OwnKey::Kept(..)) => Err(Fault::refused(text("token.key_other_family"))),
    }
}

/// What is said of a token whose burn did not come to its end. It is asked what it holds where that needs neither key nor touch.
fn unfinished(
    found: &mut Found<'_>,
    token: &TokenName,
    burns: &mut dyn Burns,
    key: &KeyProfile,
    tools: Tools<'_>,
) -> Result<Option<String>, Fault> {
    // Without a number it may be another one.
    let record = if token.serial.is_some() { burns.journal().record(token)? } else { None };
    let Some(record) = record.filter(|record| matches!(record.progress, Progress::Begun(_))) else { return Ok(None) };
    let between = if found.identity().clock_takes_seed { Held::Nothing } else { Held::Mixed };
    let possible = match token.family {
        Family::Single => vec![Held::Before, between, Held::New],
        _ => vec![Held::Before, Held::Mixed, Held::Nothing, Held::New],
    };
    let is_asked = matches!(key, KeyProfile::Vendor) && !record.request.touch;
    let known = is_asked.then(|| holds(found, &record, &possible, key, tools).ok()).flatten();
    let values = [
        ("owner", &*token_words::of_owner(&record.request.credential)),
        ("when", &*when::minute(record.began)),
        ("holds", &*token_words::of_held(&known.unwrap_or(possible))),
    ];
    Ok(Some(fill("token.unfinished", &values)))
}

/// The owner's key as it was typed: of a single-profile token in hexadecimal digits, else as it is.
pub fn own_key(family: Family, typed: &str) -> Result<Secret, Fault> {
    if typed.is_empty() {
        return Err(Fault::refused(text("token.key_empty")));
    }
    if family != Family::Single {
        return Ok(Secret::from_slice(typed.as_bytes()));
    }
    let wrong = || Fault::refused(text("token.key_hex"));
    hex(typed).filter(|key| key.len() == SINGLE_KEY).ok_or_else(wrong)
}

/// Bytes of hexadecimal digits, blanks passed over.
pub fn hex(typed: &str) -> Option<Secret> {
    let mut digits = Zeroizing::new(Vec::with_capacity(typed.len()));
    for character in typed.chars().filter(|character| !character.is_whitespace()) {
        digits.push(u8::try_from(character.to_digit(16)?).ok()?);
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
    bytes.extend(pairs.iter().map(|[high, low]| high << 4 | low));
    (rest.is_empty() && !bytes.is_empty()).then(|| Secret::from_slice(&bytes))
}

/// Waits until a reader has noticed what left it.
fn a_moment(is_emulated: bool, clock: &dyn Clock) {
    if !is_emulated {
        pause::until(clock, clock.now().saturating_add(1), || true);
    }
}

/// Whether to go on waiting.
fn until<'t>(
    clock: &'t Arc<dyn Clock>,
    interrupt: &'t Interrupt,
    patience: Option<Duration>,
) -> impl Fn() -> bool + use<'t> {
    let end = patience.map(|patience| clock.monotonic().saturating_add(patience));
    move || !interrupt.was_asked() && end.is_none_or(|end| clock.monotonic() <= end)
}

fn nobody(interrupt: &Interrupt) -> Fault {
    if interrupt.was_asked() { stopped() } else { nobody_came() }
}

/// An end because nothing was laid there in time.
pub fn nobody_came() -> Fault {
    Fault::refused(text("token.nobody_laid_one"))
}

/// An end by whoever stopped it, after what may not be cut off.
pub fn stopped() -> Fault {
    Fault::stopped(text("token.stopped_by_person"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_a_single_profile_token_is_sixteen_bytes_in_digits() {
        let key = own_key(Family::Single, "00112233 44556677 8899aabb ccddeeff").unwrap();
        assert_eq!(key.expose().first_chunk(), Some(&[0x00, 0x11, 0x22]));
        for wrong in [" ", "0011", "0", "x0112233445566778899aabbccddeeff", "sixteen letters!"] {
            assert_eq!(own_key(Family::Single, wrong).unwrap_err().words, text("token.key_hex"), "{wrong}");
        }
        assert_eq!(own_key(Family::Molto2, "").unwrap_err().words, text("token.key_empty"));
        assert_eq!(own_key(Family::Molto2, " as it is ").unwrap().expose(), b" as it is ");
    }

    #[test]
    fn the_link_fails_and_the_token_refuses() {
        assert_eq!(of_error(TokenError::Link(LinkError::Lost)).end.code(), 2);
        assert_eq!(of_error(TokenError::WrongKey { left: Some(2) }).end.code(), 1);
        assert!(of_error(TokenError::WrongKey { left: Some(2) }).words.contains('2'));
    }
}
