//! Faults in the operator's words: which setting, file or value, and what to do. What the system or a library says stands
//! behind the sentence. Every `match` is whole: a new fault does not compile until it has its sentence.

use std::io;

use countersign_strings::{fill, text};

use crate::cause::Cause;
use crate::chain::ChainFault;
use crate::config::ConfigFault;
use crate::file::{FileFault, Unfit};
use crate::issuer::SignFault;
use crate::limits;
use crate::person::{PasswordRefused, PersonFault};
use crate::port::PortFault;
use crate::push::metadata::PublishFault;
use crate::seal::SealFault;
use crate::seal::master::MasterFault;
use crate::start::StartFault;
use crate::start::folder::FolderFault;
use crate::store::StoreFault;
use crate::tls::TlsFault;
use crate::webpush::vapid::VapidFault;

/// Why the settings are not taken, one line for each that is wrong.
pub(super) fn of_config(fault: &ConfigFault) -> String {
    match fault {
        ConfigFault::File(fault) => of_file(fault),
        ConfigFault::Wrong(wrong) => {
            let lines = wrong.iter().map(|it| {
                let values = [("from", &*it.from), ("key", &it.key), ("value", &it.value), ("remedy", &it.remedy)];
                fill("gateway.config_wrong", &values)
            });
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

/// Why the gateway did not start, or its folder was not opened.
pub(super) fn of_start(fault: &StartFault) -> String {
    match fault {
        StartFault::Folder(fault) => of_folder(fault),
        StartFault::Master(fault) => of_master(fault),
        StartFault::Store(fault) => of_store(fault),
        StartFault::Seal(fault) => of_seal(*fault).to_owned(),
        StartFault::Port(fault) => of_port(*fault).to_owned(),
        StartFault::Tls(fault) => of_tls(fault),
        StartFault::Issuer(fault) | StartFault::Publish(PublishFault::Sign(fault)) => of_sign(*fault).to_owned(),
        StartFault::Publish(PublishFault::Chain(fault)) => of_chain(fault),
        StartFault::Vapid(fault) => of_vapid(fault),
        StartFault::File(fault) => of_file(fault),
        StartFault::Listen { address, why } => {
            let address = [("address", &*address.to_string())];
            match why.kind() {
                io::ErrorKind::AddrInUse => fill("gateway.start_port", &address),
                _ => caused(fill("gateway.start_listen", &address), &why.into()),
            }
        }
        StartFault::Ended(why) => caused(text("gateway.start_ended").to_owned(), why),
    }
}

fn of_folder(fault: &FolderFault) -> String {
    match fault {
        FolderFault::Unusable { path, why } => {
            caused(fill("gateway.start_folder", &[("path", &path.display().to_string())]), &why.into())
        }
        FolderFault::Open(path) => fill("gateway.start_open", &[("path", &path.display().to_string())]),
        FolderFault::Held(path) => fill("gateway.start_held", &[("path", &path.display().to_string())]),
    }
}

fn of_master(fault: &MasterFault) -> String {
    match fault {
        MasterFault::File { path, why } => {
            caused(fill("gateway.start_key_file", &[("path", &path.display().to_string())]), &why.into())
        }
        MasterFault::Open(path) => fill("gateway.start_key_open", &[("path", &path.display().to_string())]),
        MasterFault::Command { program, why } => {
            caused(fill("gateway.start_key_command", &[("program", program)]), why)
        }
        MasterFault::Form => text("gateway.start_key_form").to_owned(),
        MasterFault::Missing(path) => fill("gateway.start_key_missing", &[("path", &path.display().to_string())]),
        MasterFault::Port(fault) => of_port(*fault).to_owned(),
    }
}

fn of_tls(fault: &TlsFault) -> String {
    match fault {
        TlsFault::File(fault) => of_file(fault),
        TlsFault::Own(why) => caused(text("gateway.tls_own").to_owned(), why),
        TlsFault::Certificate(why) => caused(text("gateway.tls_certificate").to_owned(), why),
        TlsFault::Pair(why) => caused(text("gateway.tls_pair").to_owned(), why),
        TlsFault::Expired(day) => fill("gateway.tls_expired", &[("day", day)]),
    }
}

/// What is wrong with a file that a setting names.
fn of_file(FileFault { key, path, why }: &FileFault) -> String {
    let file = [("key", *key), ("path", path)];
    let (words, cause) = match why {
        Unfit::Large(most) => {
            let size = fill("gateway.file_size", &[("n", &(most >> 20).to_string())]);
            return fill("gateway.file_large", &[("key", key), ("path", path), ("most", &size)]);
        }
        Unfit::Chain => {
            let (n, kib) = (limits::CHAIN.to_string(), (limits::CERTIFICATE_BYTES >> 10).to_string());
            return fill("gateway.file_chain", &[("key", key), ("path", path), ("n", &n), ("kib", &kib)]);
        }
        Unfit::Toml { line, why } => {
            let line = line.to_string();
            return caused(fill("gateway.file_toml", &[("key", key), ("path", path), ("line", &line)]), why);
        }
        Unfit::Unread(why) => ("gateway.file_unread", Some(why)),
        Unfit::Revoked(why) => ("gateway.file_revoked", Some(why)),
        Unfit::NoCertificate => ("gateway.file_no_certificate", None),
        Unfit::Mmdb => ("gateway.file_mmdb", None),
        Unfit::Cities => ("gateway.file_cities", None),
        Unfit::Networks => ("gateway.file_networks", None),
        Unfit::Icon => ("gateway.file_icon", None),
    };
    let words = fill(words, &file);
    cause.map_or_else(|| words.clone(), |cause| caused(words.clone(), cause))
}

/// What is wrong with the store.
pub(super) fn of_store(fault: &StoreFault) -> String {
    let words = match fault {
        StoreFault::Newer { found, known } => {
            return fill("gateway.start_newer", &[("found", &found.to_string()), ("known", &known.to_string())]);
        }
        StoreFault::Failed(why) => return caused(text("gateway.store_failed").to_owned(), why),
        StoreFault::Damaged(what) => {
            tracing::error!(what, "a stored value is damaged");
            "gateway.store_damaged"
        }
        StoreFault::Taken => "gateway.store_damaged",
        StoreFault::Full => "gateway.store_full",
        StoreFault::Busy => "gateway.store_busy",
        StoreFault::Undone => "gateway.store_undone",
        StoreFault::Foreign => "gateway.store_foreign",
        StoreFault::Closed => "gateway.store_closed",
    };
    text(words).to_owned()
}

fn of_seal(fault: SealFault) -> &'static str {
    match fault {
        SealFault::Port(fault) => of_port(fault),
        SealFault::Open => text("gateway.seal_open"),
    }
}

/// Why the machine or a stored key did not do its part.
pub(super) fn of_port(fault: PortFault) -> &'static str {
    text(match fault {
        PortFault::Random => "gateway.random_fault",
        PortFault::Signer => "gateway.signer_fault",
    })
}

/// Why something could not be signed for phones.
pub(super) fn of_sign(fault: SignFault) -> &'static str {
    match fault {
        SignFault::Port(fault) => of_port(fault),
        SignFault::Form(_) => text("gateway.sign_form"),
    }
}

/// Why the keys were not read or changed.
pub(super) fn of_chain(fault: &ChainFault) -> String {
    let words = match fault {
        ChainFault::Store(fault) => return of_store(fault),
        ChainFault::Seal(fault) => of_seal(*fault),
        ChainFault::Port(fault) => of_port(*fault),
        ChainFault::Sign(fault) => of_sign(*fault),
        ChainFault::Tls(fault) => return of_tls(fault),
        ChainFault::Enrolled(n) => return fill("gateway.keys_enrolled", &[("n", &n.to_string())]),
        ChainFault::Full => text("gateway.keys_full"),
        ChainFault::NoRecovery => text("gateway.keys_recover_none"),
        ChainFault::OtherRecovery => text("gateway.keys_recover_other"),
        ChainFault::HasRecovery => text("gateway.keys_has_recovery"),
        ChainFault::Prepared => text("gateway.keys_tls_prepared"),
    };
    words.to_owned()
}

/// Why there is no key for push servers, or no other one.
pub(super) fn of_vapid(fault: &VapidFault) -> String {
    let words = match fault {
        VapidFault::Store(fault) => return of_store(fault),
        VapidFault::Seal(fault) => of_seal(*fault),
        VapidFault::Port(fault) => of_port(*fault),
        VapidFault::Sign(fault) => of_sign(*fault),
        VapidFault::Kept => text("gateway.keys_vapid_kept"),
    };
    words.to_owned()
}

/// Why something about a person was not done.
pub(super) fn of_person(fault: &PersonFault) -> String {
    let words = match fault {
        PersonFault::Store(fault) => return of_store(fault),
        PersonFault::Port(fault) => return of_port(*fault).to_owned(),
        PersonFault::Wait(seconds) => return fill("gateway.person_wait", &[("n", &seconds.to_string())]),
        PersonFault::Busy => "gateway.person_busy",
        PersonFault::Name => "gateway.person_name",
        PersonFault::Taken => "gateway.person_taken",
        PersonFault::Unknown => "gateway.person_unknown",
        PersonFault::Password(PasswordRefused::Short) => "gateway.password_short",
        PersonFault::Password(PasswordRefused::Long) => "gateway.password_long",
        PersonFault::Password(PasswordRefused::Common) => "gateway.password_common",
        PersonFault::Password(PasswordRefused::Name) => "gateway.password_name",
    };
    text(words).to_owned()
}

/// What the system refused, where nothing more is known than its own words.
pub(super) fn of_system(why: &io::Error) -> String {
    caused(text("gateway.system").to_owned(), &why.into())
}

/// A sentence, and what the system or a library says under it.
pub(super) fn caused(words: String, why: &Cause) -> String {
    fill("common.caused", &[("words", &words), ("why", &why.to_string())])
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::config::Wrong;

    fn unread() -> io::Error {
        io::Error::from_raw_os_error(libc::ENOENT)
    }

    /// Every fault that a start can end with names what it is about and ends in something to do, and none of our own
    /// `Display` gets into it.
    #[test]
    fn every_fault_of_a_start_is_told_in_a_sentence_of_the_catalogue() {
        let file = |why| StartFault::File(FileFault::new("geo.city", Path::new("/x/places"), why));
        let path = || PathBuf::from("/x/data");
        let cases: Vec<(StartFault, &[&str])> = vec![
            (FolderFault::Unusable { path: path(), why: unread() }.into(), &["/x/data", "--data", "No such file"]),
            (FolderFault::Open(path()).into(), &["/x/data", "chmod 700"]),
            (FolderFault::Held(path()).into(), &["/x/data", "--data"]),
            (MasterFault::File { path: path(), why: unread() }.into(), &["/x/data", "master_key.file", "No such file"]),
            (MasterFault::Open(path()).into(), &["/x/data", "chmod 600"]),
            (
                MasterFault::Command { program: "pass".into(), why: unread().into() }.into(),
                &["pass", "master_key.command", "No such file"],
            ),
            (MasterFault::Form.into(), &["master_key.file", "COUNTERSIGN_MASTER_KEY_VALUE"]),
            (MasterFault::Missing(path()).into(), &["/x/data", "backup", "master_key.file"]),
            (PortFault::Random.into(), &["random", "Restart"]),
            (StoreFault::Full.into(), &["full", "data"]),
            (StoreFault::Busy.into(), &["Another program"]),
            (StoreFault::Undone.into(), &["again"]),
            (StoreFault::Newer { found: 9, known: 3 }.into(), &["9", "3", "newer gateway"]),
            (StoreFault::Foreign.into(), &["gateway.db", "--data"]),
            (StoreFault::Damaged("a pin").into(), &["gateway.db", "backup"]),
            (StoreFault::Closed.into(), &["again"]),
            (StoreFault::Failed(unread().into()).into(), &["gateway.db", "No such file"]),
            (SealFault::Open.into(), &["master key", "master_key.file"]),
            (SignFault::Form(countersign_protocol::jose::FormError::Key).into(), &["public_url", "name"]),
            (SignFault::Port(PortFault::Signer).into(), &["key", "backup"]),
            (PublishFault::Chain(ChainFault::Port(PortFault::Signer)).into(), &["key", "backup"]),
            (TlsFault::Own(unread().into()).into(), &["certificate", "tls.certificate", "No such file"]),
            (TlsFault::Certificate(unread().into()).into(), &["tls.certificate", "No such file"]),
            (TlsFault::Pair(unread().into()).into(), &["tls.key", "No such file"]),
            (TlsFault::Expired("2026-05-03".into()).into(), &["tls.certificate", "2026-05-03", "Renew"]),
            (
                StartFault::Listen { address: ([127, 0, 0, 1], 80).into(), why: unread() },
                &["127.0.0.1:80", "--listen", "No such file"],
            ),
            (
                StartFault::Listen { address: ([127, 0, 0, 1], 80).into(), why: io::ErrorKind::AddrInUse.into() },
                &["127.0.0.1:80", "--listen"],
            ),
            (StartFault::Ended(unread().into()), &["again", "No such file"]),
            (file(unread().into()), &["No such file"]),
            (file(Unfit::Large(16 << 20)), &["16 MiB"]),
            (file(Unfit::NoCertificate), &["PEM"]),
            (file(Unfit::Chain), &["8", "16 KiB"]),
            (file(Unfit::Toml { line: 7, why: unread().into() }), &["7", "TOML", "No such file"]),
            (file(Unfit::Revoked(unread().into())), &["status.json", "No such file"]),
            (file(Unfit::Mmdb), &["MMDB"]),
            (file(Unfit::Cities), &["GeoLite2-City"]),
            (file(Unfit::Networks), &["GeoLite2-ASN"]),
            (file(Unfit::Icon), &["PNG"]),
        ];
        for (fault, parts) in cases {
            let told = of_start(&fault);
            let parts = parts.iter().chain(match &fault {
                StartFault::File(_) => &["geo.city: ", "/x/places"][..],
                _ => &[],
            });
            for part in parts {
                assert!(told.contains(part), "{fault:?}: «{part}» is not in «{told}»");
            }
            let sentence = told.lines().next().unwrap_or_default();
            assert!(sentence.ends_with(['.', ')']) && !sentence.contains(&fault.to_string()), "{sentence}");
        }
    }

    #[test]
    fn every_wrong_setting_has_a_line_of_its_own() {
        let wrong = |key: &str| Wrong {
            key: key.into(),
            from: "flag".into(),
            value: "«9»".into(),
            remedy: "write a number from 2 to 8".into(),
        };
        let told = of_config(&ConfigFault::Wrong(vec![wrong("approval.digits"), wrong("approval.tries")]));
        let expected =
            ["approval.digits", "approval.tries"].map(|key| format!("flag: {key} = «9»: write a number from 2 to 8"));
        assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    }
}
