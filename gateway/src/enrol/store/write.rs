//! Codes and devices into rows.

use super::super::record::{Code, Device};
use crate::store::{Connection, StoreFault, int, named_params};

/// Adds a code.
pub(super) fn insert_code(tx: &Connection, code: &Code) -> Result<(), StoreFault> {
    tx.execute(
        "INSERT INTO enrol_code (e, person, session, name, code, made, x, run, mono_end, inviter, replaces)
         VALUES (:e, :person, :session, :name, :code, :made, :x, :run, :mono_end, :inviter, :replaces)",
        named_params! {
            ":e": code.e.as_bytes(), ":person": code.person.0, ":session": code.session.as_bytes(),
            ":name": code.name, ":code": code.code, ":made": int(code.made), ":x": int(code.x.at),
            ":run": code.x.run, ":mono_end": code.x.mono,
            ":inviter": code.inviter.map(|it| *it.did.as_bytes()),
            ":replaces": code.inviter.is_some_and(|it| it.replaces),
        },
    )?;
    Ok(())
}

/// Adds a device.
pub(super) fn insert(tx: &Connection, device: &Device) -> Result<(), StoreFault> {
    let phone = device.phone.as_ref();
    let kind = if phone.is_some() { "phone" } else { "app" };
    tx.execute(
        "INSERT INTO device (did, person, kind, name, state, os, model, app, level, uv, ak, pk, seal, auth, endpoint, eh,
           added, until, run, mono_end, tries, ok, totp, attested)
         VALUES (:did, :person, :kind, :name, :state, :os, :model, :app, :level, :uv, :ak, :pk, :seal, :auth, :endpoint,
           :eh, :added, :until, :run, :mono_end, :tries, :ok, :totp, :attested)",
        named_params! {
            ":did": device.did.as_bytes(), ":person": device.person.0, ":kind": kind, ":name": device.name,
            ":state": device.stored.as_str(), ":os": phone.map(|it| it.os.as_str()),
            ":model": phone.map(|it| it.model.as_str()), ":app": phone.map(|it| it.app.as_str()),
            ":level": phone.map(|it| it.level.as_str()), ":uv": phone.map(|it| it.uv.as_str()),
            ":ak": phone.map(|it| it.ak.to_sec1()), ":pk": phone.map(|it| it.pk.to_sec1()),
            ":seal": phone.map(|it| it.seal.to_sec1()), ":auth": phone.map(|it| *it.auth.as_bytes()),
            ":endpoint": phone.and_then(|it| it.endpoint.as_deref()), ":eh": phone.map(|it| *it.eh.as_bytes()),
            ":added": int(device.added), ":until": int(device.until.at), ":run": device.until.run,
            ":mono_end": device.until.mono, ":tries": device.tries, ":ok": device.ok, ":totp": device.totp,
            ":attested": phone.is_some_and(|it| it.attested),
        },
    )?;
    Ok(())
}
