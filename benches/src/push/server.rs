//! The gateway under load, told line by line what its login page would do.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_gateway::Gateway;
use countersign_gateway::approval::service::Begun;
use countersign_gateway::approval::{Ask, Begin};
use countersign_gateway::audit::Caller;
use countersign_gateway::config::Config;
use countersign_gateway::enrol::devices::Owner;
use countersign_gateway::house::House;
use countersign_gateway::person::Person;
use countersign_gateway::port::machine;
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id, P256dh};
use countersign_protocol::seal::{self, SealKey};
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// Serves what is in `folder` until standard input ends.
pub fn serve(folder: &Path) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let running = Gateway::start(Config::local(folder), machine::adapters()).await.expect("the gateway starts");
        println!("{}", running.addresses()[0]);
        let people: Arc<Mutex<HashMap<usize, (Person, Option<Id>)>>> = Arc::default();
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let (house, people) = (running.house().clone(), people.clone());
            tokio::task::spawn_blocking(move || {
                let words: Vec<&str> = line.split(' ').collect();
                let number: usize = words[words.len() - 1].parse().expect("a number");
                println!("{number} {}", done(&house, &people, &words, number));
            });
        }
        running.stop().await;
    });
}

fn caller() -> Caller {
    Caller { address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))), transaction: "bench".into() }
}

fn browser(number: usize) -> H32 {
    H32::sha256(&[&number.to_be_bytes()])
}

fn done(house: &House, people: &Mutex<HashMap<usize, (Person, Option<Id>)>>, words: &[&str], number: usize) -> String {
    let person = |number: &usize| people.lock().expect("no panic").get(number).expect("a person").clone();
    match words[0] {
        "person" => {
            let password = Secret::from_slice(b"correct horse battery");
            let person = house.people.add(&format!("alice{number}"), &password, &caller()).expect("a person").0;
            let owner = Owner { id: person.id, name: &person.name };
            house.devices.offer(owner, browser(number), "Phone", &caller()).expect("a code");
            let code = house.devices.offered(browser(number)).expect("the store").expect("the code");
            people.lock().expect("no panic").insert(number, (person.clone(), None));
            house.devices.link(&code).expect("the seal").expect("an open code").to_https().to_string()
        }
        "confirm" => {
            let (person, _) = person(&number);
            let owner = Owner { id: person.id, name: &person.name };
            let did = house.devices.of(person.id).expect("the store")[0].0.did;
            let confirmed = house.devices.confirm(owner, did, words[1], &caller());
            format!("{:?}", confirmed.expect("the store"))
        }
        "begin" => {
            let (person, _) = person(&number);
            let id = begun(house, &person, number);
            people.lock().expect("no panic").get_mut(&number).expect("a person").1 = Some(id);
            let row = house.approvals.store().get(id).expect("the store").expect("a row");
            house.approvals.shown(&row).expect("the seal").digits().to_owned()
        }
        "bell" => {
            let (person, _) = person(&number);
            begun(house, &person, number);
            let device = house.devices.of(person.id).expect("the store")[0].0.clone();
            let challenges = house.approvals.open_challenges(device.did).expect("the store");
            let phone = device.phone.expect("a phone");
            let to = SealKey { p256dh: P256dh(phone.seal), auth: phone.auth };
            let sender = Secret::from_slice(browser(number).as_bytes());
            let body = seal::seal(&to, challenges[0].jws.as_bytes(), &sender, &[4; 16]).expect("a body");
            URL_SAFE_NO_PAD.encode(body)
        }
        "consume" => {
            let (_, id) = person(&number);
            let taken = house.approvals.consume(id.expect("begun"), "bench", browser(number), &caller());
            taken.expect("the store").is_some().to_string()
        }
        other => panic!("{other}"),
    }
}

/// A sign-in that asks this person's phone.
fn begun(house: &House, person: &Person, number: usize) -> Id {
    let begin = Begin {
        person: person.id,
        acct: person.name.clone().try_into().expect("shown text"),
        client: "bench",
        app: "Demo shop".to_owned().try_into().expect("shown text"),
        binding: browser(number),
        first_factor: true,
        ip: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
        ua: None,
        next: "/demo".to_owned(),
        ask: Ask::Login,
        at_once: false,
        bell: true,
    };
    match house.approvals.begin(&begin, &caller()).expect("the store") {
        Begun::Open(id, _) => id,
        _ => panic!("to wait"),
    }
}
