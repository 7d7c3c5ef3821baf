//! What faults strike, how often, and what a client and a service then get.

use std::sync::{Arc, Mutex};

use super::*;
use crate::rehearse::world::{By, Outside, Service};

fn index(name: &str, host: &str) -> Index {
    Index {
        name: name.into(),
        upload: format!("https://upload.{host}/legacy/"),
        simple: format!("https://{host}/simple/"),
        exchange: Some(format!("https://upload.{host}/_/oidc/")),
        ..Endpoints::default().pypi
    }
}

fn all() -> Vec<Target> {
    let mut all = Endpoints::default();
    (all.pypi, all.testpypi) = (index("pypi", "pypi.example"), index("testpypi", "test.example"));
    all.crates.api = "https://crates.example".into();
    all.crates.index = "https://index.crates.example".into();
    all.github.web = "https://forge.example".into();
    all.github.api = "https://api.forge.example".into();
    all.github.uploads = "https://uploads.forge.example".into();
    all.sigstore.fulcio = "https://fulcio.example".into();
    all.sigstore.rekor = "https://rekor.example".into();
    let corp = Index {
        upload: "http://corp.example:3141/api/upload".into(),
        exchange: None,
        ..index("corp", "corp.example:3141/api")
    };
    targets(&all, [&corp])
}

fn faults(words: &[&str]) -> Faults {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    Faults::new(&words, &all()).unwrap()
}

fn request(method: &str, address: &str) -> Request {
    let (host, path) = address.split_once('/').unwrap();
    Request {
        method: method.into(),
        host: host.into(),
        path: format!("/{path}"),
        ..Request::default()
    }
}

#[test]
fn each_operation_is_known_by_method_host_and_path() {
    let met = |method, address| {
        let request = request(method, address);
        let met = all().into_iter().filter(|target| target.is_met(&request));
        met.map(|target| target.name).collect::<Vec<_>>().join(" ")
    };
    for (method, address, name) in [
        ("POST", "upload.pypi.example/legacy/", "pypi.upload"),
        ("POST", "upload.pypi.example/legacy", "pypi.upload"),
        ("GET", "upload.pypi.example/legacy/", ""),
        ("GET", "upload.pypi.example/_/oidc/audience", "pypi.audience"),
        ("POST", "upload.pypi.example/_/oidc/mint-token", "pypi.mint"),
        ("POST", "upload.pypi.example/_/oidc/burn-token", "pypi.burn"),
        ("GET", "pypi.example/simple/x/", "pypi.simple"),
        ("HEAD", "pypi.example/simple/%78/", "pypi.simple"),
        ("GET", "pypi.example/simple/", ""),
        ("GET", "pypi.example/simple/x/y/", ""),
        ("GET", "pypi.example/packages/a/b/x.whl", "pypi.file"),
        ("POST", "upload.test.example/legacy/", "testpypi.upload"),
        ("POST", "corp.example/api/upload", "corp.upload"),
        ("GET", "corp.example/packages/x.whl", "corp.file"),
        ("PUT", "crates.example/api/v1/crates/new", "crates.publish"),
        ("DELETE", "crates.example/api/v1/crates/x/1.0.0/yank", "crates.yank"),
        ("POST", "crates.example/api/v1/trusted_publishing/tokens", "crates.mint"),
        ("GET", "index.crates.example/ti/me/time-piece", "crates.index"),
        ("POST", "api.forge.example/repos/a/b/releases", "github.release"),
        ("POST", "uploads.forge.example/repos/a/b/releases/1/assets", "github.asset"),
        ("PATCH", "api.forge.example/repos/a/b/releases/1", "github.publish"),
        ("POST", "api.forge.example/repos/a/b/attestations", "github.attestation"),
        ("POST", "forge.example/a/b.git/git-receive-pack", "github.push"),
        ("GET", "runner/token", "oidc.token"),
        ("POST", "fulcio.example/api/v2/signingCert", "sigstore.certificate"),
        ("POST", "rekor.example/api/v1/log/entries", "sigstore.log"),
    ] {
        assert_eq!(met(method, address), name, "{method} {address}");
    }
}

#[test]
fn a_fault_strikes_as_often_as_it_says_from_where_it_says() {
    let struck = |words: &[&str]| {
        let faults = faults(words);
        let upload = request("POST", "upload.pypi.example/legacy/");
        let one = |_| match faults.due(&upload) {
            None => '-',
            Some(Kind::Status(_)) => 'S',
            Some(Kind::Lost) => 'L',
            Some(_) => '?',
        };
        let line: String = (0..6).map(one).collect();
        let times = faults.struck().iter().map(|one| one.times.to_string()).collect::<String>();
        format!("{line} {times}")
    };
    assert_eq!(struck(&["pypi.upload=503"]), "S----- 1");
    assert_eq!(struck(&["pypi.upload=503x2"]), "SS---- 2");
    assert_eq!(struck(&["pypi.upload=503@3"]), "--S--- 1");
    assert_eq!(struck(&["pypi.upload=503x2@3"]), "--SS-- 2");
    assert_eq!(struck(&["pypi.upload=503x*@2"]), "-SSSSS 5");
    assert_eq!(struck(&["pypi.upload=503x2", "pypi.upload=lostx2@2"]), "SSL--- 21");
    assert_eq!(struck(&["testpypi.upload=503x*"]), "------ 0");
}

#[test]
fn what_is_no_fault_is_said() {
    let wrong = |words: &str| Faults::new(&[words.to_owned()], &all()).err().unwrap().message;
    for (words, why) in [
        ("pypi.upload", "it does not say how it fails"),
        ("corp.uplaod=503", "there is no `corp.uplaod`"),
        ("corp.mint=503", "there is no `corp.mint`"),
        ("pypi.upload=rest", "there is no kind `rest`"),
        ("pypi.upload=302", "there is no kind `302`"),
        ("pypi.upload=", "there is no kind ``"),
        ("pypi.upload=503x0", "how often"),
        ("pypi.upload=503x", "how often"),
        ("pypi.upload=503@*", "how often"),
        ("pypi.upload=503@1x2", "how often"),
    ] {
        let wrong = wrong(words);
        assert!(wrong.contains(&format!("`--fault {words}`: {why}")), "{wrong}");
    }
}

#[test]
fn the_page_on_rehearsals_has_the_same_tables() {
    let page = include_str!("../../../docs/rehearsal.md");
    let declared = |target: &Target| target.name.starts_with("corp.");
    let targets = all().into_iter().filter(|target| !declared(target));
    let targets = targets.map(|target| format!("| `{}` | {} |", target.name, target.when));
    let kinds = KINDS.iter().map(|(name, _, what)| format!("| `{name}` | {what} |"));
    let wanted: Vec<String> = targets.chain(kinds).collect();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    assert_eq!(rows.collect::<Vec<_>>(), wanted, "{}", wanted.join("\n"));
}

/// Counts what it is asked, and says so.
struct Counter(u64);

impl Service for Counter {
    fn answer(&mut self, _: &Request, _: u64) -> Response {
        self.0 += 1;
        Response::text(200, format!("number {}", self.0))
    }

    fn project(&self, request: &Request) -> Option<String> {
        request.segments().get(1).cloned()
    }

    fn inventory(&self) -> Vec<String> {
        vec![format!("counted to {}", self.0)]
    }
}

fn world() -> World {
    let outside: Outside = Box::new(|_| Some(Response::text(200, "outside")));
    let mut world = World::new(["mine".to_owned()], [], outside, Box::new(|| 7));
    let counter: Arc<Mutex<dyn Service>> = Arc::new(Mutex::new(Counter(0)));
    world.serve("pypi.example", counter.clone());
    world.serve("upload.pypi.example", counter);
    world
}

fn shown(reply: Reply) -> String {
    let (how, response) = match reply {
        Reply::Cut => return "cut".into(),
        Reply::Half(response) => ("half", response),
        Reply::Whole(response) => ("whole", response),
    };
    let body = String::from_utf8(response.body).unwrap();
    format!("{how} {} {}", response.status, body.lines().next().unwrap_or_default())
}

#[test]
fn what_is_lost_was_done_and_what_is_refused_was_not() {
    let told = |kind: &str| {
        let (world, faults) = (world(), faults(&[&format!("pypi.upload={kind}")]));
        let upload = request("POST", "upload.pypi.example/legacy/");
        let told = [faults.reply(&world, &upload), faults.reply(&world, &upload)].map(shown);
        let record = world.record();
        let noted = (record[0].status, record[0].by);
        (told.join(", then "), noted)
    };
    for (kind, replies, noted) in [
        ("503", "whole 503 rel: a fault on request, then whole 200 number 1", (503, By::Fault)),
        ("reset", "cut, then whole 200 number 1", (0, By::Fault)),
        ("lost", "cut, then whole 200 number 2", (200, By::World)),
        ("truncated", "half 200 number 1, then whole 200 number 2", (200, By::World)),
        ("empty", "whole 200 , then whole 200 number 1", (200, By::Fault)),
        ("html", "whole 200 <!DOCTYPE html>, then whole 200 number 1", (200, By::Fault)),
        ("gateway", "whole 502 <!DOCTYPE html>, then whole 200 number 1", (502, By::Fault)),
    ] {
        assert_eq!(told(kind), (replies.to_owned(), noted), "{kind}");
    }
    let later = failing(429).headers;
    assert!(later.contains(&("retry-after".into(), "1".into())), "{later:?}");
}

#[test]
fn what_is_read_outside_is_never_struck() {
    let (world, faults) = (world(), faults(&["pypi.simple=503x*"]));
    let page = |name| {
        shown(faults.reply(&world, &request("GET", &format!("pypi.example/simple/{name}/"))))
    };
    assert_eq!(page("ruff"), "whole 200 outside");
    assert_eq!(page("mine"), "whole 503 rel: a fault on request");
    assert_eq!(faults.struck()[0].times, 1);
}
