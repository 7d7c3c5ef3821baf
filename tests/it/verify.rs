//! `rel verify`, with attestations that the rehearsal's Sigstore has made: what holds, and whatever was
//! changed, refused by the check it belongs to.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use expect_test::expect;
use rel::attest::facts::Facts;
use rel::attest::identity::{Expected, Repository};
use rel::attest::read::{Given, read};
use rel::attest::session::{Key, Session};
use rel::attest::statement::statement;
use rel::attest::verify::{Check, File, Root, Why, verify};
use rel::attest::{attestation, bundle};
use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::rehearsed::Way;
use rel::host::term::Term;
use rel::model::artifact::Digest;
use rel::model::effect::Predicate;
use rel::rehearse::ca::Authority;
use rel::rehearse::http::{Request, Response};
use rel::rehearse::oidc::{Identity, Issuer};
use rel::rehearse::services::{self, Cast};
use rel::rehearse::sigstore::{Addresses, Sigstore};
use rel::rehearse::wire::Proxy;
use rel::rehearse::world::{Service, World};
use serde_json::{Value, json};

use crate::project::{MAKE_DIST, Project, Ran};

const WHEEL: &str = "time_piece-1.0-py3-none-any.whl";
const BYTES: &str = "not really a wheel";

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn identity() -> Identity {
    Identity {
        repository: "acme/time-piece".into(),
        workflow: "release.yml".into(),
        environment: Some("pypi".into()),
        reference: "refs/tags/v1.0".into(),
        sha: "0123456789abcdef0123456789abcdef01234567".into(),
        event: "push".into(),
        visibility: "public".into(),
    }
}

/// A Sigstore, and somebody who signs with it.
struct Lab {
    sigstore: Sigstore,
    issuer: Issuer,
    session: Session,
}

fn post(sigstore: &mut Sigstore, path: &str, body: &Value) -> Value {
    let request = Request {
        method: "POST".into(),
        path: path.into(),
        body: body.to_string().into_bytes(),
        ..Request::default()
    };
    serde_json::from_slice(&sigstore.answer(&request, now()).body).unwrap()
}

impl Lab {
    fn new(identity: Identity) -> Self {
        let Endpoints { github, sigstore, .. } = Endpoints::default();
        let mut issuer = Issuer::new(&github.issuer, &github.web, "runner", identity).unwrap();
        let (fulcio, rekor, server) = (sigstore.fulcio, sigstore.rekor, github.web);
        let addresses = Addresses { fulcio, rekor, server };
        let mut sigstore = Sigstore::new(addresses, issuer.verifier(), now()).unwrap();
        let token = issuer.token("sigstore", now()).unwrap();
        let subject = issuer.claims(now())["sub"].as_str().unwrap().to_owned();
        let key = Key::new().unwrap();
        let request = key.request(&token, &subject).unwrap();
        let answer = post(&mut sigstore, "/api/v2/signingCert", &request);
        let session = key.certified(&answer).unwrap();
        Self { sigstore, issuer, session }
    }

    /// An attestation object (PEP 740).
    fn attested(&mut self, predicate: Predicate, name: &str, bytes: &str) -> Value {
        let server = Endpoints::default().github.web;
        let claims = self.issuer.claims(now());
        let sha256 = Digest::of(bytes);
        self.signed(statement(predicate, name, sha256.as_str(), &claims, &server))
    }

    fn signed(&mut self, statement: Vec<u8>) -> Value {
        let signed = self.session.sign(statement).unwrap();
        let logged = post(&mut self.sigstore, "/api/v1/log/entries", &signed.entry());
        attestation(&signed, &logged).unwrap()
    }

    fn root(&self) -> Root {
        Root::from_json(&self.sigstore.trusted_root().to_string()).unwrap()
    }
}

fn given(attestation: &Value) -> Given {
    read(&attestation.to_string()).unwrap().remove(0)
}

fn expected() -> Expected {
    let github = Endpoints::default().github;
    Expected::Repository(Repository {
        issuer: github.issuer,
        server: github.web,
        name: "acme/time-piece".into(),
        workflow: Some("release.yml".into()),
        environment: Some("pypi".into()),
    })
}

fn verified(root: &Root, bytes: &str, given: &Given) -> Result<Facts, Why> {
    let sha256 = Digest::of(bytes);
    let file = File { name: WHEEL, sha256: sha256.as_str() };
    verify(root, file, given, Some(&expected()))
}

/// The same base64 text with one letter in the middle changed.
fn bent(text: &str) -> String {
    let at = text.len() / 2;
    let letter = if &text[at..=at] == "A" { "B" } else { "A" };
    format!("{}{letter}{}", &text[..at], &text[at + 1..])
}

#[test]
fn whatever_is_changed_is_refused_by_the_check_it_belongs_to() {
    let mut lab = Lab::new(identity());
    let good = lab.attested(Predicate::Publish, WHEEL, BYTES);
    let root = lab.root();
    let facts = verified(&root, BYTES, &given(&good)).unwrap();
    assert_eq!(facts.environment.as_deref(), Some("pypi"));
    let entry = |rest: &str| format!("/verification_material/transparency_entries/0{rest}");
    type Change = Box<dyn Fn(&str) -> String>;
    let bend = || -> Change { Box::new(bent) };
    let moved = |by: u64| -> Change {
        Box::new(move |text| (text.parse::<u64>().unwrap() - by).to_string())
    };
    let changes: Vec<(String, Change, Check)> = vec![
        ("/envelope/signature".into(), bend(), Check::Signature),
        ("/verification_material/certificate".into(), bend(), Check::Certificate),
        (entry("/inclusionPromise/signedEntryTimestamp"), bend(), Check::Log),
        (entry("/integratedTime"), moved(1), Check::Log),
        (entry("/integratedTime"), moved(900), Check::Log),
        (entry("/logIndex"), Box::new(|_| "1".into()), Check::Log),
        (entry("/logId/keyId"), bend(), Check::Root),
        (entry("/inclusionProof/rootHash"), bend(), Check::Log),
        (entry("/inclusionProof/hashes/0"), bend(), Check::Log),
        (
            entry("/inclusionProof/checkpoint/envelope"),
            Box::new(|text| text.replacen('\n', "1\n", 1)),
            Check::Log,
        ),
        (entry("/canonicalizedBody"), bend(), Check::Log),
    ];
    for (path, change, check) in changes {
        let mut other = good.clone();
        let place = other.pointer_mut(&path).unwrap();
        *place = change(place.as_str().unwrap()).into();
        assert_ne!(other, good, "{path}");
        let why = verified(&root, BYTES, &given(&other)).unwrap_err();
        assert_eq!(why.check, check, "{path}: {why:?}");
    }
    let why = verified(&root, "other bytes", &given(&good)).unwrap_err();
    assert_eq!(why.check, Check::Subject);
    assert_eq!(why.found.as_deref(), Some(Digest::of(BYTES).as_str()));
    let why = verified(&Lab::new(identity()).root(), BYTES, &given(&good)).unwrap_err();
    assert_eq!(why.check, Check::Root, "{why:?}");
    let why = verified(&Root::public().unwrap(), BYTES, &given(&good)).unwrap_err();
    assert_eq!(why.check, Check::Root, "{why:?}");
}

#[test]
fn a_statement_with_another_signature_does_not_hold() {
    let mut lab = Lab::new(identity());
    let good = lab.attested(Predicate::Publish, WHEEL, BYTES);
    let other = lab.attested(Predicate::Publish, WHEEL, "other bytes");
    let mut swapped = good.clone();
    swapped["envelope"]["statement"] = other["envelope"]["statement"].clone();
    let why = verified(&lab.root(), "other bytes", &given(&swapped)).unwrap_err();
    assert_eq!(why.check, Check::Signature, "{why:?}");
    // Each half is good, and the entry tells of another signature.
    let mut swapped = good.clone();
    let entries = "transparency_entries";
    swapped["verification_material"][entries] = other["verification_material"][entries].clone();
    let why = verified(&lab.root(), BYTES, &given(&swapped)).unwrap_err();
    assert_eq!(why.check, Check::Log, "{why:?}");
}

#[test]
fn without_proof_of_a_log_entry_nothing_holds() {
    let mut lab = Lab::new(identity());
    let good = bundle(&lab.attested(Predicate::Publish, WHEEL, BYTES));
    let root = lab.root();
    verified(&root, BYTES, &given(&good)).unwrap();
    for (path, left_out) in [
        ("/verificationMaterial", "tlogEntries"),
        ("/verificationMaterial/tlogEntries/0", "inclusionProof"),
        ("/verificationMaterial/tlogEntries/0", "inclusionPromise"),
    ] {
        let mut other = good.clone();
        other.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(left_out).unwrap();
        let why = verified(&root, BYTES, &given(&other)).unwrap_err();
        assert_eq!(why.check, Check::Log, "{left_out}: {why:?}");
    }
    let mut empty = good.clone();
    empty["verificationMaterial"]["tlogEntries"] = json!([]);
    assert_eq!(verified(&root, BYTES, &given(&empty)).unwrap_err().check, Check::Log);
}

#[test]
fn an_attestation_of_an_index_is_about_one_file_by_its_name() {
    let mut lab = Lab::new(identity());
    let root = lab.root();
    let named = |lab: &mut Lab, name| given(&lab.attested(Predicate::Publish, name, BYTES));
    let same = named(&mut lab, "Time-Piece-1.0-py3-none-any.whl");
    verified(&root, BYTES, &same).unwrap();
    let other = named(&mut lab, "time_piece-2.0-py3-none-any.whl");
    let why = verified(&root, BYTES, &other).unwrap_err();
    assert_eq!((why.check, why.detail.as_deref()), (Check::Subject, Some("its name differs")));
    let subject = |name: &str, bytes: &str| json!({ "name": name, "digest": { "sha256": Digest::of(bytes) } });
    let both = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject("x.tar.gz", "x"), subject("whatever", BYTES)],
        "predicateType": "https://example.com/of-our-own/v1",
        "predicate": {},
    });
    let both = lab.signed(both.to_string().into_bytes());
    assert_eq!(verified(&root, BYTES, &given(&both)).unwrap_err().check, Check::Form);
    // A bundle may be about many files, whatever they are called.
    verified(&root, BYTES, &given(&bundle(&both))).unwrap();
    let why = verified(&root, "other bytes", &given(&bundle(&both))).unwrap_err();
    assert_eq!((why.check, why.found.as_deref()), (Check::Subject, Some("2 others")));
}

/// A folder with a wheel and the lab's root, and no Releasefile.
fn folder(lab: &Lab) -> Project {
    let project = Project::new("").file(&format!("dist/{WHEEL}"), BYTES);
    fs::remove_file(project.root().join("Releasefile")).unwrap();
    project.file("root.json", &lab.sigstore.trusted_root().to_string())
}

/// rel in that folder, without any network.
fn rel(project: &Project, line: &str) -> Ran {
    project.rel_with(Endpoints::default(), &format!("verify --trusted-root root.json {line}"))
}

#[test]
fn what_stands_beside_a_file_is_verified_in_each_form() {
    let mut lab = Lab::new(identity());
    let project = folder(&lab);
    let publish = lab.attested(Predicate::Publish, WHEEL, BYTES);
    let provenance = lab.attested(Predicate::Provenance, WHEEL, BYTES);
    project.write(&format!("dist/{WHEEL}.publish.attestation"), &publish.to_string());
    project.write(&format!("dist/{WHEEL}.sigstore.json"), &bundle(&provenance).to_string());
    let lines = format!("{}\n{}\n", bundle(&publish), bundle(&provenance));
    project.write(&format!("dist/{WHEEL}.intoto.jsonl"), &lines);
    let wanted = "--repository acme/time-piece --workflow release.yml --environment pypi";
    let ran = rel(&project, &format!("dist/{WHEEL} {wanted} --output json")).code(0);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&told["v"], &told["event"]), (&json!(1), &json!("verification")));
    let all = told["files"][0]["attestations"].as_array().unwrap();
    assert_eq!((all.len(), &told["files"][0]["verified"]), (4, &json!(true)));
    let facts = &all[0]["facts"];
    assert_eq!(facts["reference"], "refs/tags/v1.0");

    for ending in ["sigstore.json", "intoto.jsonl"] {
        fs::remove_file(project.root().join(format!("dist/{WHEEL}.{ending}"))).unwrap();
    }
    let ran = rel(&project, &format!("dist/{WHEEL} {wanted}")).code(0);
    let text = ran.out.replace(facts["signed_at"].as_str().unwrap(), "[time]");
    let index = facts["log_index"].as_str().unwrap();
    let text = text.replace(&format!("entry {index}"), "entry [number]");
    expect![[r#"
        dist/time_piece-1.0-py3-none-any.whl: verified
          sha256 5012353aa6a0734b468ac4dcad5b802e70382f41303f87cfe89d223e3a6be654
          publish attestation, from dist/time_piece-1.0-py3-none-any.whl.publish.attestation
            signed by    https://github.com/acme/time-piece/.github/workflows/release.yml@refs/tags/v1.0
            as wanted    acme/time-piece, workflow release.yml, environment pypi
            for          refs/tags/v1.0, commit 0123456789abcdef0123456789abcdef01234567
            environment  pypi
            at           [time], log entry [number]
    "#]].assert_eq(&text);
}

#[test]
fn a_file_is_not_verified_before_somebody_says_who_has_to_have_signed_it() {
    let mut lab = Lab::new(identity());
    let project = folder(&lab);
    let publish = lab.attested(Predicate::Publish, WHEEL, BYTES);
    project.write(&format!("dist/{WHEEL}.publish.attestation"), &publish.to_string());
    let ran = rel(&project, &format!("dist/{WHEEL}")).code(3);
    assert!(!ran.out.contains(": verified"), "{}", ran.out);
    expect![[r#"
        error: dist/time_piece-1.0-py3-none-any.whl: it is signed, and nobody said who has to have signed it
         |
         = note: publish attestation from dist/time_piece-1.0-py3-none-any.whl.publish.attestation
         = note: signed by https://github.com/acme/time-piece/.github/workflows/release.yml@refs/tags/v1.0
         = note: whom https://token.actions.githubusercontent.com knows by that name
         = hint: give `--repository OWNER/NAME`, or `--identity NAME --issuer URL`, to check that it is whom you expect
    "#]].assert_eq(&ran.err);
    // What a file says of its own publisher is no reason to believe it.
    let publisher =
        json!({ "kind": "GitHub", "repository": "acme/time-piece", "workflow": "release.yml" });
    let bundles = json!([{ "publisher": publisher, "attestations": [publish] }]);
    let told = json!({ "version": 1, "attestation_bundles": bundles });
    project.write("told.json", &told.to_string());
    rel(&project, &format!("dist/{WHEEL} --attestation told.json")).code(3).says("nobody said who");
}

#[test]
fn somebody_else_is_refused_with_what_was_wanted_and_found() {
    let mut lab = Lab::new(identity());
    let project = folder(&lab);
    let publish = lab.attested(Predicate::Publish, WHEEL, BYTES);
    project.write(&format!("dist/{WHEEL}.publish.attestation"), &publish.to_string());
    let said = |who: &str, code| rel(&project, &format!("dist/{WHEEL} {who}")).code(code);
    let ran = said("--repository acme/time-pieces", 3);
    expect![[r#"
        error: dist/time_piece-1.0-py3-none-any.whl: it was signed by somebody else
         |
         = note: publish attestation from dist/time_piece-1.0-py3-none-any.whl.publish.attestation
         = note: signed by https://github.com/acme/time-piece/.github/workflows/release.yml@refs/tags/v1.0
         = note: whom https://token.actions.githubusercontent.com knows by that name
         = note: its repository differs
         = note: wanted: https://github.com/acme/time-pieces
         = note: found: https://github.com/acme/time-piece
         = hint: do not use the file, unless whoever signed it is whom you meant
    "#]].assert_eq(&ran.err);
    said("--repository acme/time-piece --workflow ci.yml", 3).says("its workflow differs");
    said("--repository acme/time-piece --environment test", 3).says("found: pypi");
    let Endpoints { github, .. } = Endpoints::default();
    let name =
        format!("{}/acme/time-piece/.github/workflows/release.yml@refs/tags/v1.0", github.web);
    said(&format!("--identity {name} --issuer {}", github.issuer), 0).says(": verified");
    said(&format!("--identity {name} --issuer {}", github.web), 3).says("its issuer differs");
    said(&format!("--identity {name}1 --issuer {}", github.issuer), 3).says("its identity differs");
}

#[test]
fn of_several_attestations_each_file_takes_those_about_it() {
    let mut lab = Lab::new(identity());
    let sdist = "time_piece-1.0.tar.gz";
    let project = folder(&lab).file(&format!("dist/{sdist}"), "an archive");
    let first = lab.attested(Predicate::Publish, WHEEL, BYTES);
    let second = lab.attested(Predicate::Publish, sdist, "an archive");
    project.write("first.json", &first.to_string());
    project.write("second.json", &second.to_string());
    let both = "--attestation first.json --attestation second.json --repository acme/time-piece";
    let files = format!("dist/{WHEEL} dist/{sdist}");
    let ran = rel(&project, &format!("{files} {both}")).code(0);
    assert_eq!(ran.out.matches(": verified").count(), 2, "{}", ran.out);
    project.write(&format!("dist/{sdist}"), "another archive");
    let ran = rel(&project, &format!("{files} {both}")).code(3);
    assert_eq!(ran.out.matches(": verified").count(), 1, "{}", ran.out);
    ran.says(Digest::of("another archive").as_str()).says(Digest::of("an archive").as_str());
    rel(&project, &format!("dist/{WHEEL} {both}")).code(3).says("about another file");
}

#[test]
fn one_broken_neighbour_is_enough_to_refuse() {
    let mut lab = Lab::new(identity());
    let project = folder(&lab);
    let publish = lab.attested(Predicate::Publish, WHEEL, BYTES);
    project.write(&format!("dist/{WHEEL}.publish.attestation"), &publish.to_string());
    project.write(&format!("dist/{WHEEL}.sigstore"), "-----BEGIN PGP SIGNATURE-----\n");
    let ran = rel(&project, &format!("dist/{WHEEL} --repository acme/time-piece")).code(3);
    assert!(!ran.out.contains(": verified"), "{}", ran.out);
    ran.says("it is a PGP signature");
}

/// rel in a project within a world.
fn within(world: World, project: &Project, lines: &[&str]) -> Vec<Ran> {
    let world = Arc::new(world);
    let authority = Arc::new(Authority::new().unwrap());
    let way_in = authority.pem();
    let proxy = Proxy::start(authority, Arc::new(move |request| world.answer(&request))).unwrap();
    let proxy_url = format!("http://{}", proxy.address);
    let mut env: BTreeMap<String, String> = project.variables();
    env.insert("GITHUB_ACTIONS".into(), "true".into());
    env.insert("ACTIONS_ID_TOKEN_REQUEST_URL".into(), format!("{proxy_url}/token?v=2"));
    env.insert("ACTIONS_ID_TOKEN_REQUEST_TOKEN".into(), "runner".into());
    env.insert("GITHUB_TOKEN".into(), "token-for-github".into());
    let run = |line: &&str| {
        let (term, captured) = Term::captured();
        let env = Env::new(env.clone());
        let mut host = Host::new(project.root(), env, Endpoints::default(), term);
        host.way =
            Some(Way { proxy: proxy_url.clone(), authority: way_in.clone(), ..Way::default() });
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let code = rel::run(&words, host).0.into();
        Ran { code, out: captured.out(), err: captured.err() }
    };
    lines.iter().map(run).collect()
}

#[test]
fn what_was_published_is_verified_by_what_the_index_has_of_it() {
    let endpoints = Endpoints::default();
    let cast = Cast {
        endpoints: &endpoints,
        identity: identity(),
        environments: std::collections::BTreeMap::new(),
        bearer: "runner".into(),
        token: "token-for-github".into(),
        jobs: Vec::new(),
        crates_token: "cio".into(),
        indexes: Vec::new(),
        secrets: BTreeMap::new(),
        own: vec!["time-piece".into()],
        registries: Vec::new(),
    };
    let (world, papers) = services::world(&cast, None, Box::new(|_| None), Box::new(now)).unwrap();
    let project = Project::new(
        r#"
        task("build").run(|t| sh("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects("pypi")
            .run(|t| pypi::publish(t.artifacts("build"), "pypi"));
        "#,
    )
    .file("make_dist.py", MAKE_DIST)
    .file(".gitignore", "/dist\n/changed\n")
    .file("root.json", &papers.trusted_root.to_string())
    .git();
    let changed = format!("changed/{WHEEL}");
    project.write(&changed, BYTES);
    let wheel = format!("dist/{WHEEL}");
    let from = |rest: &str| format!("verify --trusted-root root.json --output plain {rest}");
    let lines = [
        "run build --output plain --export dist",
        "publish --live --yes --output plain",
        &from(&format!("--from pypi {wheel}")),
        &from("--from https://pypi.org/simple time-piece==1.0"),
        &from(&format!("--from pypi {wheel} --repository acme/other")),
        &from(&format!("--from pypi {changed}")),
        &from(&format!("--from testpypi {wheel}")),
        &from("--from pypi time-piece==2.0"),
        &from(&format!("--from http://pypi.org/simple {wheel}")),
        &format!("verify --output plain --from pypi {wheel}"),
    ];
    let ran: Vec<Ran> = within(world, &project, &lines);
    let [built, published, file, version, other, bent, elsewhere, unknown, clear, public] =
        <[Ran; 10]>::try_from(ran).unwrap();
    built.code(0);
    published.code(0);
    let who = "acme/time-piece, workflow release.yml, the publisher that pypi names";
    file.code(0).says(&format!("{wheel}: verified")).says(who).says("provenance, from pypi");
    let version = version.code(0);
    assert_eq!(version.out.matches(": verified").count(), 2, "{}", version.out);
    other.code(3).says("its repository differs");
    bent.code(3).says("the attestation is about another file").says("its digest differs");
    elsewhere.code(3).says("no attestation was found").says("testpypi has none");
    unknown.code(3).says("pypi has no time-piece 2.0");
    // Whoever stands between could have put in another publisher.
    clear.code(3).says("nobody said who has to have signed it");
    public.code(3).says("the trusted root does not know who vouches for it");
}

/// GitHub's store of attestations.
struct Store {
    path: String,
    bundles: Vec<Value>,
}

impl Service for Store {
    fn answer(&mut self, request: &Request, _: u64) -> Response {
        assert_eq!(request.authorization("bearer"), Some("token-for-github"));
        let kept: Vec<Value> =
            self.bundles.iter().map(|bundle| json!({ "bundle": bundle })).collect();
        if request.path == self.path {
            Response::json(200, &json!({ "attestations": kept }))
        } else {
            Response::json(404, &json!({ "message": "Not Found" }))
        }
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }
}

#[test]
fn of_what_github_keeps_one_has_to_hold() {
    let mut lab = Lab::new(identity());
    let mut stranger = Lab::new(Identity { repository: "else/where".into(), ..identity() });
    let good = bundle(&lab.attested(Predicate::Provenance, WHEEL, BYTES));
    let foreign = bundle(&stranger.attested(Predicate::Provenance, WHEEL, BYTES));
    let project = folder(&lab).file("other", "x");
    let path = format!("/repos/acme/time-piece/attestations/sha256:{}", Digest::of(BYTES));
    let line = format!("verify dist/{WHEEL} --trusted-root root.json --output plain --from github");
    let asked = |bundles: Vec<Value>, lines: &[&str]| {
        let mut world = World::new([], [], Box::new(|_| None), Box::new(now));
        let store = Store { path: path.clone(), bundles };
        world.serve("api.github.com", Arc::new(Mutex::new(store)));
        within(world, &project, lines)
    };
    let ours = format!("{line} --repository acme/time-piece");
    let none = ours.replace(&format!("dist/{WHEEL}"), "other");
    let mut ran = asked(vec![foreign.clone(), good], &[&ours, &none]).into_iter();
    ran.next().unwrap().code(0).says(": verified").says("not counted: github (acme/time-piece)");
    ran.next().unwrap().code(3).says("GitHub has none of acme/time-piece");
    let ran = asked(vec![foreign], &[&ours]).remove(0).code(3);
    assert!(!ran.out.contains(": verified"), "{}", ran.out);
}

#[test]
fn a_service_that_does_not_answer_is_no_verdict_on_the_file() {
    let mut lab = Lab::new(identity());
    let project = folder(&lab);
    let publish = lab.attested(Predicate::Publish, WHEEL, BYTES);
    project.write(&format!("dist/{WHEEL}.publish.attestation"), &publish.to_string());
    let world = World::new([], [], Box::new(|_| None), Box::new(now));
    let line = format!("verify dist/{WHEEL} --trusted-root root.json --output plain --from pypi");
    let ran = within(world, &project, &[&format!("{line} --repository acme/time-piece")]).remove(0);
    assert!(!ran.out.contains(": verified"), "{}", ran.out);
    ran.code(4);
}
