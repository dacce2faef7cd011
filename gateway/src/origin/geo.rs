//! City, country and network of an address, from MMDB files that the operator names.
//!
//! A file is read at start and again when it was replaced. One that cannot be read stops the start; a later one that
//! cannot be read is left aside, and the one before it goes on counting.

use std::fs::{self, File};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use countersign_protocol::text::{Country, T64, is_forbidden};
use maxminddb::{PathElement, Reader};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use crate::file::{self, FileFault, Unfit};
use crate::{config, limits};

/// A place on earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// North is positive.
    pub latitude: f64,
    /// East is positive.
    pub longitude: f64,
}

impl Point {
    /// Kilometres along a great circle.
    pub fn distance(self, other: Self) -> f64 {
        const EARTH: f64 = 6_371.0;
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let (north, east) = (b - a, (other.longitude - self.longitude).to_radians());
        let half = (north / 2.0).sin().powi(2) + a.cos() * b.cos() * (east / 2.0).sin().powi(2);
        2.0 * EARTH * half.sqrt().min(1.0).asin()
    }
}

/// What is known of an address.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Place {
    /// The country.
    pub cc: Option<Country>,
    /// The city, by its English name.
    pub city: Option<T64>,
    /// The network's owner.
    pub asn: Option<T64>,
    /// Where that is.
    pub point: Option<Point>,
}

/// The files in use.
pub struct Geo {
    city: Option<Watched>,
    asn: Option<Watched>,
}

impl Geo {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn open(settings: &config::Geo) -> Result<Self, FileFault> {
        let open = |path: &Option<PathBuf>, kind| path.as_ref().map(|path| Watched::open(path, kind)).transpose();
        Ok(Self { city: open(&settings.city, Kind::City)?, asn: open(&settings.asn, Kind::Asn)? })
    }

    /// What is known of an address; nothing without files. Blocks when a file was replaced.
    pub fn look_up(&self, ip: IpAddr) -> Place {
        let ip = ip.to_canonical();
        let mut place = Place::default();
        if let Some(reader) = self.city.as_ref().map(Watched::current) {
            place.cc = field::<String>(&reader, ip, &["country", "iso_code"]).and_then(|cc| cc.try_into().ok());
            place.city = field(&reader, ip, &["city", "names", "en"]).and_then(shown);
            let degrees = |name: &str| field::<f64>(&reader, ip, &["location", name]);
            place.point = degrees("latitude").zip(degrees("longitude")).and_then(point);
        }
        if let Some(reader) = self.asn.as_ref().map(Watched::current) {
            place.asn = field(&reader, ip, &["autonomous_system_organization"]).and_then(shown);
        }
        place
    }
}

fn point((latitude, longitude): (f64, f64)) -> Option<Point> {
    // A comparison with what is not a number is false.
    let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    on_earth.then_some(Point { latitude, longitude })
}

/// A name as it may be shown, cut to 64 characters.
fn shown(name: String) -> Option<T64> {
    let text: String = name.nfc().filter(|c| !is_forbidden(*c)).take(64).collect();
    T64::try_from(text.trim()).ok()
}

type Db = Reader<Vec<u8>>;

/// One value of an address's record; none when it is missing or of another type.
fn field<T: for<'a> Deserialize<'a>>(db: &Db, ip: IpAddr, path: &[&str]) -> Option<T> {
    let path: Vec<PathElement<'_>> = path.iter().map(|name| PathElement::Key(name)).collect();
    db.lookup(ip).ok()?.decode_path(&path).ok()?
}

/// What a file must be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    City,
    Asn,
}

impl Kind {
    /// Whether a database says of itself that it is of this kind, as MaxMind, DB-IP and IPinfo name theirs.
    fn fits(self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let words: &[&str] = match self {
            Self::City => &["city", "country", "location", "enterprise"],
            Self::Asn => &["asn", "isp"],
        };
        words.iter().any(|word| name.contains(word))
    }

    /// The setting that names such a file.
    fn key(self) -> &'static str {
        match self {
            Self::City => "geo.city",
            Self::Asn => "geo.asn",
        }
    }

    /// What is wrong with a file that is of another kind.
    fn missing(self) -> Unfit {
        match self {
            Self::City => Unfit::Cities,
            Self::Asn => Unfit::Networks,
        }
    }
}

/// A file and what was read of it.
struct Watched {
    path: PathBuf,
    kind: Kind,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    stamp: Stamp,
    db: Arc<Db>,
}

/// What changes when a file is replaced: number, size, seconds and nanoseconds of the last change.
type Stamp = (u64, u64, i64, i64);

fn stamp(of: &fs::Metadata) -> Stamp {
    (of.ino(), of.size(), of.mtime(), of.mtime_nsec())
}

impl Watched {
    fn open(path: &Path, kind: Kind) -> Result<Self, FileFault> {
        let loaded = Mutex::new(load(path, kind, limits::GEO_BYTES)?);
        Ok(Self { path: path.to_owned(), kind, loaded })
    }

    /// What the file says now.
    fn current(&self) -> Arc<Db> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        // A file that is away for a moment is being replaced.
        if let Ok(found) = fs::metadata(&self.path)
            && stamp(&found) != loaded.stamp
        {
            match load(&self.path, self.kind, limits::GEO_BYTES) {
                Ok(new) => *loaded = new,
                Err(fault) => {
                    tracing::warn!(%fault, "the file before it goes on counting");
                    // Looked at again when it changes again.
                    loaded.stamp = stamp(&found);
                }
            }
        }
        loaded.db.clone()
    }
}

fn load(path: &Path, kind: Kind, most: u64) -> Result<Loaded, FileFault> {
    read(path, kind, most).map_err(|why| FileFault::new(kind.key(), path, why))
}

fn read(path: &Path, kind: Kind, most: u64) -> Result<Loaded, Unfit> {
    let file = File::open(path)?;
    let stamp = stamp(&file.metadata()?);
    let (_, size, ..) = stamp;
    if size > most {
        return Err(Unfit::Large(most));
    }
    // It may grow while it is read, and what is no file has no size.
    let db = Reader::from_source(file::read_open(file, most)?).map_err(|_| Unfit::Mmdb)?;
    if kind.fits(&db.metadata().database_type) { Ok(Loaded { stamp, db: Arc::new(db) }) } else { Err(kind.missing()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An MMDB file with one record for `192.0.2.0/24`, written by the format's specification: a tree of 24 bits a record,
    /// sixteen zero bytes, the data, and the description of itself behind its mark.
    fn mmdb(kind: &str, record: &[u8]) -> Vec<u8> {
        const BITS: u32 = 24;
        let mut file = Vec::new();
        for bit in 0..BITS {
            let one = 0xC0_00_02_00_u32 >> (31 - bit) & 1 == 1;
            // To the next node, or to the record: the number of nodes, sixteen, and its place.
            let on = if bit + 1 == BITS { BITS + 16 } else { bit + 1 };
            let (left, right) = if one { (BITS, on) } else { (on, BITS) };
            file.extend(&left.to_be_bytes()[1..]);
            file.extend(&right.to_be_bytes()[1..]);
        }
        file.extend([0; 16]);
        file.extend(record);
        file.extend(b"\xab\xcd\xefMaxMind.com");
        let number = |n: u8| vec![0xA1, n];
        let members = [
            ("binary_format_major_version", number(2)),
            ("binary_format_minor_version", number(0)),
            ("build_epoch", vec![0x01, 0x02, 1]),
            ("database_type", string(kind)),
            ("description", map(&[])),
            ("ip_version", number(4)),
            ("languages", vec![0x00, 0x04]),
            ("node_count", vec![0xC1, 24]),
            ("record_size", number(24)),
        ];
        file.extend(map(&members));
        file
    }

    fn string(text: &str) -> Vec<u8> {
        let length = u8::try_from(text.len()).unwrap();
        let head = if length < 29 { vec![0x40 | length] } else { vec![0x40 | 29, length - 29] };
        [&head, text.as_bytes()].concat()
    }

    fn double(number: f64) -> Vec<u8> {
        [&[0x68][..], &number.to_be_bytes()].concat()
    }

    fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut out = vec![0xE0 | u8::try_from(members.len()).unwrap()];
        members.iter().for_each(|(name, value)| out.extend([string(name), value.clone()].concat()));
        out
    }

    fn city(name: &str) -> Vec<u8> {
        let record = map(&[
            ("country", map(&[("iso_code", string("DE"))])),
            ("city", map(&[("names", map(&[("en", string(name))]))])),
            ("location", map(&[("latitude", double(50.94)), ("longitude", double(6.96))])),
        ]);
        mmdb("Test-City", &record)
    }

    fn settings(folder: &Path) -> config::Geo {
        config::Geo { city: Some(folder.join("city.mmdb")), asn: Some(folder.join("asn.mmdb")) }
    }

    fn with_files() -> (tempfile::TempDir, config::Geo) {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        fs::write(folder.path().join("city.mmdb"), city("Co\u{202e}logne")).unwrap();
        let asn = map(&[("autonomous_system_organization", string("Example Net"))]);
        fs::write(folder.path().join("asn.mmdb"), mmdb("Test-ASN", &asn)).unwrap();
        (folder, settings)
    }

    const HERE: [u8; 4] = [192, 0, 2, 7];

    #[test]
    fn an_address_has_a_city_a_country_and_a_network() {
        let (_folder, settings) = with_files();
        let geo = Geo::open(&settings).unwrap();
        let place = geo.look_up(HERE.into());
        assert_eq!(place.cc.as_ref().map(ToString::to_string).as_deref(), Some("DE"));
        assert_eq!(place.city.as_ref().map(T64::as_str), Some("Cologne"), "nothing hidden is shown");
        assert_eq!(place.asn.as_ref().map(T64::as_str), Some("Example Net"));
        assert_eq!(place.point, Some(Point { latitude: 50.94, longitude: 6.96 }));
        assert_eq!(geo.look_up("::ffff:192.0.2.9".parse().unwrap()), place, "a mapped address is what it maps");
        for elsewhere in ["198.51.100.1", "2001:db8::1"] {
            assert_eq!(geo.look_up(elsewhere.parse().unwrap()), Place::default(), "{elsewhere}");
        }
        assert_eq!(Geo::open(&config::Geo::default()).unwrap().look_up(HERE.into()), Place::default());
    }

    #[test]
    fn a_replaced_file_is_read_and_a_broken_one_left_aside() {
        let (folder, settings) = with_files();
        let geo = Geo::open(&settings).unwrap();
        let name = || geo.look_up(HERE.into()).city.map(String::from);
        let replace = |content: &[u8]| {
            let new = folder.path().join("new");
            fs::write(&new, content).unwrap();
            fs::rename(new, folder.path().join("city.mmdb")).unwrap();
        };
        replace(&city("Bonn"));
        assert_eq!(name().as_deref(), Some("Bonn"));
        replace(b"no database");
        assert_eq!(name().as_deref(), Some("Bonn"));
        fs::remove_file(folder.path().join("city.mmdb")).unwrap();
        assert_eq!(name().as_deref(), Some("Bonn"));
        replace(&city("Essen"));
        assert_eq!(name().as_deref(), Some("Essen"));
    }

    #[test]
    fn a_file_of_another_kind_is_named() {
        let (folder, settings) = with_files();
        let told = |settings: &config::Geo| Geo::open(settings).err().map(|fault| fault.why);
        let swapped = config::Geo { city: settings.asn.clone(), asn: settings.city.clone() };
        assert_eq!(told(&swapped), Some(Unfit::Cities));
        let only = config::Geo { city: None, ..swapped };
        assert_eq!(told(&only), Some(Unfit::Networks));
        fs::write(folder.path().join("city.mmdb"), "no database").unwrap();
        assert_eq!(told(&settings), Some(Unfit::Mmdb));
        fs::remove_file(folder.path().join("city.mmdb")).unwrap();
        assert!(matches!(told(&settings), Some(Unfit::Unread(_))));
    }

    #[test]
    fn a_file_is_taken_up_to_its_limit() {
        let (folder, settings) = with_files();
        let path = folder.path().join("city.mmdb");
        let size = fs::metadata(&path).unwrap().len();
        let told = |path: &Path, most| load(path, Kind::City, most).err().map(|fault| fault.why);
        assert_eq!(told(&path, size), None);
        assert_eq!(told(&path, size - 1), Some(Unfit::Large(size - 1)));
        // What has no size is read no further than that.
        assert_eq!(told(Path::new("/dev/zero"), 64), Some(Unfit::Large(64)));
        // One byte over the limit of files: a hole, of which nothing is read.
        File::options().write(true).open(&path).unwrap().set_len(limits::GEO_BYTES + 1).unwrap();
        let fault = Geo::open(&settings).err().map(|fault| fault.why);
        assert_eq!(fault, Some(Unfit::Large(limits::GEO_BYTES)));
    }

    #[test]
    fn bytes_changed_anywhere_are_an_error_or_a_place_and_never_a_panic() {
        let good = city("Cologne");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("city.mmdb");
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x41;
            fs::write(&path, bad).unwrap();
            if let Ok(geo) = Geo::open(&config::Geo { city: Some(path.clone()), asn: None }) {
                let place = geo.look_up(HERE.into());
                assert!(place.city.is_none_or(|city| city.as_str().chars().count() <= 64));
            }
        }
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        let (cologne, tokyo) =
            (Point { latitude: 50.94, longitude: 6.96 }, Point { latitude: 35.68, longitude: 139.69 });
        assert!((9_200.0..9_500.0).contains(&cologne.distance(tokyo)), "{}", cologne.distance(tokyo));
        assert!(cologne.distance(cologne) < 0.001);
    }
}
