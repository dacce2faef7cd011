//! The move to a new phone (`push-v1.md` §11): a phone invites its successor and types the digits that it shows.

use countersign_protocol::Secret;
use countersign_protocol::jose::{FormError, H32, Id, P256dh};
use countersign_protocol::push::{Confirm, Invite, InviteReceipt, Sealed, SealedInvite, Verified, confirmation_digits};
use countersign_protocol::seal::SealKey;
use countersign_protocol::uri::EnrolLink;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::LIFE;
use super::change::ChangeFault;
use super::changes::{Invited, Joined, NewInvitation, Typed};
use super::devices::{Devices, EnrolFault};
use super::record::{Code, Device, Inviter};
use crate::audit::Caller;
use crate::moment::{Deadline, Moment};
use crate::wake::Topic;

/// How often an invitation is looked at anew when something changed under it.
const TURNS: usize = 4;

impl Devices {
    /// The receipt of an invitation, which holds it under seal.
    ///
    /// # Errors
    /// [`ChangeFault`].
    pub fn invite(&self, device: &Device, invite: &Verified<Invite>, by: &Caller) -> Result<String, ChangeFault> {
        for _ in 0..TURNS {
            if let Some(before) = self.parts.changes.invitation(device.did, invite.claims().jti)? {
                return match before.receipt {
                    _ if before.h != invite.h() => Err(ChangeFault::Refused("a used jti")),
                    Some(receipt) => Ok(receipt),
                    None => Err(ChangeFault::Ended),
                };
            }
            if !self.parts.policy.moving {
                return Err(ChangeFault::Move);
            }
            let at = self.moment();
            let (code, link) = self.invitation(device, invite, &at)?;
            let receipt = self.invite_receipt(device, invite.h(), &SealedInvite(link), &at)?;
            let new = NewInvitation {
                did: device.did,
                h: invite.h(),
                jti: invite.claims().jti,
                replaces: invite.claims().replace,
                receipt: receipt.clone(),
            };
            let entry = by.entry(at.now, "enrol.invite", "made").device(*device.did.as_bytes());
            match self.parts.changes.invite(new, code, at, entry)? {
                Invited::Done(refused) => {
                    refused.into_iter().chain([device.did]).for_each(|did| self.parts.wakes.wake(Topic::Device(did)));
                    return Ok(receipt);
                }
                Invited::Limit => return Err(ChangeFault::Limit),
                Invited::Changed => {}
            }
        }
        Err(ChangeFault::State)
    }

    fn invitation(
        &self,
        device: &Device,
        invite: &Verified<Invite>,
        at: &Moment,
    ) -> Result<(Code, EnrolLink), EnrolFault> {
        let (code, sealed) = self.fresh_code()?;
        let (e, x, issuer) = (code.id(), Deadline::after(LIFE, at), &self.parts.issuer);
        let row = Code {
            e,
            person: device.person,
            person_name: String::new(),
            session: H32::sha256(&[b"invitation", e.as_bytes()]),
            inviter: Some(Inviter { did: device.did, replaces: invite.claims().replace }),
            name: String::new(),
            code: sealed,
            made: at.now,
            x,
            taken: None,
            ended: false,
        };
        let p = self.parts.pin.map(H32::from_bytes);
        Ok((row, EnrolLink { u: issuer.u().clone(), k: issuer.key().thumbprint(), c: code, x: x.at, p }))
    }

    fn invite_receipt(
        &self,
        device: &Device,
        eh: H32,
        invitation: &SealedInvite,
        at: &Moment,
    ) -> Result<String, ChangeFault> {
        let Some(phone) = &device.phone else { return Err(ChangeFault::State) };
        let to = SealKey { p256dh: P256dh(phone.seal.clone()), auth: phone.auth };
        let sealed: Sealed = loop {
            let sender =
                Secret::from_slice(&*Zeroizing::new(self.parts.random.bytes::<32>().map_err(EnrolFault::from)?));
            let salt = self.parts.random.bytes().map_err(EnrolFault::from)?;
            match invitation.seal(&to, &sender, &salt) {
                // One in 2^32 draws is not a private key.
                Err(FormError::Key) => {}
                sealed => break sealed?,
            }
        };
        let issuer = &self.parts.issuer;
        let claims = InviteReceipt { iss: issuer.u().clone(), aud: device.did, iat: at.now, eh, sealed };
        Ok(issuer.sign(&claims).map_err(EnrolFault::from)?.jws)
    }

    /// Takes the digits of the new phone, typed on the one that invited it.
    ///
    /// # Errors
    /// [`ChangeFault`]; the same request gets the same one again, and takes no try.
    pub fn join(&self, device: &Device, confirm: &Verified<Confirm>, by: &Caller) -> Result<(), ChangeFault> {
        let (claims, at) = (confirm.claims(), self.moment());
        // A repeat gets what it got, whatever is offered by now.
        let before = self.parts.changes.joined(device.did, confirm.h(), claims.jti)?;
        if before.is_none() && !self.parts.policy.moving {
            return Err(ChangeFault::Move);
        }
        let right = match self.parts.store.code(claims.e)?.and_then(|code| code.taken) {
            Some(taken) => {
                let digits = confirmation_digits(&taken.h, &taken.did);
                // Exposed to be compared with the digits of this one request, which are worth nothing elsewhere.
                claims.nm.expose().as_bytes().ct_eq(digits.as_bytes()).into()
            }
            None => false,
        };
        let typed = Typed { did: device.did, h: confirm.h(), jti: claims.jti, e: claims.e, right };
        let entry = by.entry(at.now, "enrol.confirm", if right { "active" } else { "wrong" });
        match self.parts.changes.join(typed, at, entry)? {
            Joined::Done => {
                self.joined(device, claims.e)?;
                Ok(())
            }
            Joined::Again => Ok(()),
            Joined::Unknown => Err(ChangeFault::Refused("no such invitation")),
            Joined::NotActive => Err(ChangeFault::State),
            Joined::Wrong(left) => Err(ChangeFault::Digits(left)),
            Joined::Ended => {
                self.joined(device, claims.e)?;
                Err(ChangeFault::Ended)
            }
        }
    }

    /// Tells all phones of the person, and the new one, how it ended.
    fn joined(&self, device: &Device, e: Id) -> Result<(), EnrolFault> {
        let new = self.parts.store.code(e)?.and_then(|code| code.taken);
        let both = [Some(device.did), new.map(|taken| taken.did)];
        both.into_iter().flatten().for_each(|did| self.parts.wakes.wake(Topic::Device(did)));
        Ok(self.parts.notices.announce(device.person)?)
    }
}
