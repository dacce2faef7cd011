//! From devices and codes to what the pages show.

use countersign_protocol::jose::H32;
use countersign_protocol::push::Level;
use countersign_strings::text;

use super::devices::Owner;
use super::record::{Code, Device, DeviceState, Kind, Phone};
use crate::calendar;
use crate::failure::Failure;
use crate::house::House;
use crate::moment::Moment;
use crate::page::manage::{AddFault, AddStep, AddView, CardState, DeviceCard, Tab};
use crate::page::qr::QrSvg;
use crate::page::{Frame, Sentence, Value};

/// A device as a card.
pub fn card(device: &Device, state: DeviceState) -> DeviceCard {
    let phone = device.phone.as_ref();
    DeviceCard {
        id: device.did.to_string(),
        name: device.name.clone(),
        phone: phone.is_some(),
        codes: device.totp.is_some(),
        model: phone.map(model),
        software: phone.is_some_and(|phone| phone.level == Level::Software),
        keys: phone.and_then(keys),
        added: calendar::moment(device.added),
        used: device.used.map(calendar::moment),
        state: match state {
            DeviceState::Active => CardState::Active,
            DeviceState::Pending => CardState::Pending,
            DeviceState::Suspended | DeviceState::Gone => CardState::Suspended,
        },
    }
}

/// Where the keys are: proven, or as the phone says. That they are in software stands on the card by itself.
fn keys(phone: &Phone) -> Option<&'static str> {
    Some(text(match (phone.level, phone.attested) {
        (Level::Software, _) => return None,
        (Level::Tee | Level::Enclave, true) => "manage.keys_hardware",
        (Level::Tee | Level::Enclave, false) => "manage.keys_hardware_said",
        (Level::Strongbox, true) => "manage.keys_chip",
        (Level::Strongbox, false) => "manage.keys_chip_said",
    }))
}

fn model(phone: &Phone) -> String {
    format!("{}, {}", phone.model, phone.os.name())
}

/// The word of a code's state, for the held request. An open one is told by its name, since another may take its place.
pub fn word(code: &Code, at: &Moment) -> String {
    if code.taken.is_some() {
        "taken".into()
    } else if code.ended || code.is_late(at) {
        "late".into()
    } else {
        format!("open-{}", code.e)
    }
}

/// What the page of adding a device knows.
pub struct Adding<'a> {
    /// Around the page.
    pub frame: Frame,
    /// Whose device.
    pub owner: Owner<'a>,
    /// The browser.
    pub browser: H32,
    /// Which kind.
    pub tab: Tab,
    /// Whether a voucher is asked.
    pub voucher: bool,
    /// The name typed.
    pub name: String,
    /// What was wrong.
    pub fault: Option<AddFault>,
}

/// The page of adding a device, in the step that is under way.
///
/// # Errors
/// 500.
pub fn add(house: &House, adding: Adding<'_>) -> Result<AddView, Failure> {
    let under_way = match adding.tab {
        Tab::Countersign => phone_step(house, &adding)?,
        Tab::Other => app_step(house, &adding)?,
    };
    let Adding { frame, tab, voucher, name, mut fault, .. } = adding;
    let (name, step) = match under_way {
        Step::Begin => (name, AddStep::Name { voucher }),
        Step::Late(before) => {
            // A voucher is as old as the code that it brought.
            let said = if voucher { "manage.code_expired_voucher" } else { "manage.code_expired" };
            fault = fault.or_else(|| Some(AddFault::Other(text(said).to_owned())));
            (if name.is_empty() { before } else { name }, AddStep::Name { voucher })
        }
        Step::At(name, step) => (name, step),
    };
    Ok(AddView { frame, tab, codes: house.config.policy.totp, name, step, fault })
}

enum Step {
    /// Nothing is under way.
    Begin,
    /// What was under way is too old; the device's name.
    Late(String),
    /// The device's name, and what it needs.
    At(String, AddStep),
}

fn phone_step(house: &House, adding: &Adding<'_>) -> Result<Step, Failure> {
    let Some(code) = house.devices.offered(adding.browser)?.filter(|code| code.person == adding.owner.id) else {
        return Ok(Step::Begin);
    };
    let at = house.devices.moment();
    if let Some(taken) = &code.taken {
        let device = house.devices.owned(adding.owner.id, taken.did)?;
        let pending = device.filter(|device| device.state(&at) == DeviceState::Pending);
        return Ok(pending.and_then(digits).unwrap_or(Step::Begin));
    }
    let Some(link) = house.devices.link(&code)? else {
        // Said once, while it is news; a code of an hour ago is not.
        return Ok(if at.now <= code.x.at + super::LIFE { Step::Late(code.name) } else { Step::Begin });
    };
    let link = link.to_https();
    let step = AddStep::Scan {
        qr: QrSvg::new(&link)?,
        link: link.to_string(),
        until: Sentence::fill("manage.until", &[("time", Value::Time(code.x.at))]),
        state: word(&code, &at),
        device: String::new(),
    };
    Ok(Step::At(code.name, step))
}

fn digits(device: Device) -> Option<Step> {
    let phone = device.phone.as_ref()?;
    let step = AddStep::Digits {
        device: device.did.to_string(),
        scanned: Sentence::fill("manage.scanned_by", &[("model", Value::Name(&model(phone)))]),
        software: phone.level == Level::Software,
        until: Sentence::fill("manage.digits_until", &[("time", Value::Time(device.until.at))]),
    };
    Some(Step::At(device.name, step))
}

fn app_step(house: &House, adding: &Adding<'_>) -> Result<Step, Failure> {
    let devices = house.devices.of(adding.owner.id)?;
    let pending = devices.into_iter().find(|(it, state)| it.kind() == Kind::App && *state == DeviceState::Pending);
    // Whoever has not shown another second factor does not see a seed.
    let Some((device, _)) = pending.filter(|_| !adding.voucher) else { return Ok(Step::Begin) };
    let Some(uri) = house.devices.app_uri(adding.owner, &device)? else { return Ok(Step::Begin) };
    let step = AddStep::Scan {
        qr: QrSvg::new(&uri)?,
        link: uri.to_string(),
        until: Sentence::fill("manage.until_other", &[("time", Value::Time(device.until.at))]),
        state: String::new(),
        device: device.did.to_string(),
    };
    Ok(Step::At(device.name, step))
}
