//! The gateway under load, told line by line what its login page would do.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

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
use countersign_protocol::jose::{H32, Id};
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// Serves until standard input ends.
pub fn serve() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let running = Gateway::start(Config::local(folder.path().join("gateway")), machine::adapters())
            .await
            .expect("the gateway starts");
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
            let confirmed = house.devices.confirm(owner, words[1].parse().expect("an id"), words[2], &caller());
            format!("{:?}", confirmed.expect("the store"))
        }
        "begin" => {
            let (person, _) = person(&number);
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
            let Begun::Open(id, _) = house.approvals.begin(&begin, &caller()).expect("the store") else {
                panic!("to wait")
            };
            people.lock().expect("no panic").get_mut(&number).expect("a person").1 = Some(id);
            let row = house.approvals.store().get(id).expect("the store").expect("a row");
            house.approvals.shown(&row).expect("the seal").digits().to_owned()
        }
        "consume" => {
            let (_, id) = person(&number);
            let taken = house.approvals.consume(id.expect("begun"), "bench", browser(number), &caller());
            taken.expect("the store").is_some().to_string()
        }
        other => panic!("{other}"),
    }
}
