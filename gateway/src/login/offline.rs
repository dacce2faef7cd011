//! «My phone has no network»: a phone is picked, scans the page, and its eight digits are typed here (`push-v1.md` §12).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use countersign_protocol::jose::{H32, Id};
use countersign_strings::{fill, text};

use super::known;
use super::pages::{Sight, form, later_page};
use super::route::{SignedIn, WAIT, begin, is_meant, look};
use crate::approval::offline::Offered;
use crate::approval::record::{CodeEnd, Row};
use crate::approval::{Ask, State as Stands, rule};
use crate::enrol::Device;
use crate::failure::Failure;
use crate::house::House;
use crate::page::login::{OfflinePhone, OfflineShown, OfflineView};
use crate::page::qr::QrSvg;
use crate::page::{Sentence, Value, render_with, tries_left};
use crate::request::{Posted, Visitor, see_other};

/// The page.
pub(super) const PATH: &str = "/login/offline";

/// An approval, the phones that may answer it, and what one of them was shown.
struct Scene {
    sight: Sight,
    phones: Vec<Device>,
    shown: Option<(Id, String)>,
}

/// The page: phones to pick, or what the picked one scans.
pub(super) async fn page(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    by: Visitor,
) -> Result<Response, Failure> {
    draw(&house, by, &headers, None).await
}

/// The page after `end` of a code that was typed on it.
pub(super) async fn draw(
    house: &Arc<House>,
    by: Visitor,
    headers: &HeaderMap,
    end: Option<CodeEnd>,
) -> Result<Response, Failure> {
    let (visitor, known) = (by.clone(), known::read(headers));
    let scene = house.run(move |house| scene(house, &visitor, known)).await?;
    match scene {
        Some(scene) => view(house, &by, scene, None, end),
        None => Ok(see_other(WAIT)),
    }
}

/// What is open in this browser; none when nothing is, or the policy takes no answer codes.
fn scene(house: &House, by: &Visitor, known: Option<H32>) -> Result<Option<Scene>, Failure> {
    if !house.config.policy.offline {
        return Ok(None);
    }
    let Some(sight) = look(house, by, known)?.filter(|sight| sight.state == Stands::Pending) else {
        return Ok(None);
    };
    let phones = house.approvals.offline_phones(sight.row.person)?;
    let shown = house.approvals.offered(&sight.row)?.map(|(offline, text)| (offline.did, text));
    // A phone that went since is shown nothing more.
    let shown = shown.filter(|(did, _)| phones.iter().any(|phone| phone.did == *did));
    Ok(Some(Scene { sight, phones, shown }))
}

fn view(
    house: &House,
    by: &Visitor,
    scene: Scene,
    none: Option<&str>,
    end: Option<CodeEnd>,
) -> Result<Response, Failure> {
    let Scene { sight, phones, shown } = scene;
    let picked = shown.as_ref().map(|(did, _)| *did);
    let name = phones.iter().find(|phone| Some(phone.did) == picked).map_or("", |phone| phone.name.as_str());
    let scan = Sentence::fill("login.offline_scan", &[("phone", Value::Name(name))]);
    let shown = match shown {
        Some((_, link)) => Some(OfflineShown { scan, qr: QrSvg::long(&link)?, link }),
        None => None,
    };
    let fault = match end {
        Some(CodeEnd::Wrong(left)) => Some(fill("login.offline_wrong", &[("tries", &tries_left(left))])),
        // A right code of an authenticator has codes taken again; where there are none, the administrator has.
        Some(CodeEnd::Off) if house.config.policy.totp => Some(text("login.code_off").to_owned()),
        Some(CodeEnd::Off) => Some(text("login.offline_off").to_owned()),
        _ => None,
    };
    let status = if fault.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    let none = none.or_else(|| phones.is_empty().then(|| text("login.offline_none")));
    let view = OfflineView {
        frame: form(text("login.offline_title"), by.token(house)),
        to: sight.to(),
        shown,
        phones: phones
            .iter()
            .filter(|phone| Some(phone.did) != picked)
            .map(|phone| OfflinePhone { id: phone.did.to_string(), name: phone.name.clone() })
            .collect(),
        none: none.map(str::to_owned),
        code_fault: fault,
        state: sight.word(),
        about: sight.about(),
        ends: sight.ends(house),
    };
    Ok(by.answer(render_with(status, &view)))
}

/// How picking a phone went.
enum Picked {
    /// The page shows it.
    Shown,
    /// There is nothing to show, for this reason.
    None(Box<Scene>, &'static str),
    /// Digits were wrong too often: so many seconds to wait.
    Later(u64),
    /// Nothing is open here any more.
    Over,
}

/// Picks a phone; another one that was picked before counts no more.
pub(super) async fn pick(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    let Posted { visitor, fields } = posted;
    let (by, known) = (visitor.clone(), known::read(&headers));
    let picked = house
        .run(move |house| {
            let meant = |scene: &Scene| is_meant(&fields, &scene.sight.row);
            let Some(mut scene) = scene(house, &by, known)?.filter(meant) else {
                return Ok::<_, Failure>(Picked::Over);
            };
            let Ok(did) = fields.get("device").parse::<Id>() else {
                return Ok(Picked::None(scene.into(), text("login.offline_none")));
            };
            match long_enough(house, &by, scene.sight.row.clone(), &scene.sight.person)? {
                Begun::Row(row) => scene.sight.row = *row,
                Begun::Later(seconds) => return Ok(Picked::Later(seconds)),
                Begun::Over => return Ok(Picked::Over),
            }
            Ok(match house.approvals.offer(&scene.sight.row, did, &by.caller)? {
                Offered::Shown(_) => Picked::Shown,
                Offered::Long => Picked::None(scene.into(), text("login.offline_long")),
                Offered::No => Picked::None(scene.into(), text("login.offline_none")),
            })
        })
        .await?;
    match picked {
        Picked::Shown => Ok(see_other(PATH)),
        Picked::Over => Ok(see_other(WAIT)),
        Picked::None(scene, why) => view(&house, &visitor, *scene, Some(why), None),
        Picked::Later(seconds) => Ok(later_page(seconds)),
    }
}

/// An approval with time enough to walk to a phone.
enum Begun {
    Row(Box<Row>),
    Later(u64),
    Over,
}

/// The approval itself, or with less than a minute left another one of the same question, begun without a bell. The life
/// of an approval is never made longer.
fn long_enough(house: &House, by: &Visitor, row: Row, person: &str) -> Result<Begun, Failure> {
    if row.exp.saturating_sub(house.clock.now()) >= rule::OFFLINE_LEAST {
        return Ok(Begun::Row(row.into()));
    }
    let Some(ask) = Ask::of(&row.asks) else { return Ok(Begun::Over) };
    if !house.approvals.cancel(row.id, row.binding, &by.caller)? {
        return Ok(Begun::Over);
    }
    match begin(house, by, (row.person, person), ask, row.next, false)? {
        SignedIn::Later(seconds) => Ok(Begun::Later(seconds)),
        _ => match house.approvals.of_browser(row.binding)? {
            Some((row, Stands::Pending)) => Ok(Begun::Row(row.into())),
            _ => Ok(Begun::Over),
        },
    }
}
