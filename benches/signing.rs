//! Signing: two statements about each file, by rel on its way to the index, and by sigstore-python, which
//! is given the finished statements and signs them all in one process with one identity token.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rel::attest::statement::statement;
use rel::model::artifact::Digest;
use rel::model::effect::Predicate;
use tempfile::TempDir;

use crate::peers;
use crate::rounds::{self, Sample};
use crate::stage::{Asked, Stage};
use crate::wheels;

const FILES: usize = 20;

const WHOLE: &str = "the whole command (rel's builds, uploads, proves)";
const SIGNING: &str = "from the identity token to the last log entry";

/// Signs each statement of a folder as sigstore-python's own clients do, and writes what indexes take.
const SIGN: &str = r#"
import sys
from pathlib import Path
from pypi_attestations import Attestation
from sigstore.dsse import Statement
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken, detect_credential
from sigstore.sign import SigningContext
folder = Path(sys.argv[1])
trust = ClientTrustConfig.from_json((folder / "trust.json").read_text())
context = SigningContext.from_trust_config(trust)
with context.signer(IdentityToken(detect_credential()), cache=True) as signer:
    for path in sorted(folder.glob("*.statement")):
        bundle = signer.sign_dsse(Statement(path.read_bytes()))
        path.with_suffix(".attestation").write_text(Attestation.from_bundle(bundle).model_dump_json())
"#;

pub fn measure() {
    let made = TempDir::new().unwrap();
    let wheels = wheels::make(&made.path().join("wheels"), FILES);
    let python = peers::venv("verifiers", &["pypi-attestations==0.0.30", "sigstore==4.5.1"]);
    let python = python.join("bin/python");
    let mut certificates = [0, 0];
    let [one, other] = &mut certificates;
    let ours = &mut || {
        let project = wheels::project(&wheels, "#{ attestations: true }");
        let stage = Stage::new();
        let begun = Instant::now();
        stage.rel(&project, &["publish", "--live", "--yes", "--output", "plain"], true);
        sampled(&stage, begun.elapsed(), one)
    };
    let theirs = &mut || {
        let stage = Stage::new();
        state(&stage, &wheels);
        let mut command = Command::new(&python);
        let begun = Instant::now();
        stage.client(command.args(["-c", SIGN]).arg(stage.folder()), true);
        let whole = begun.elapsed();
        let made = std::fs::read_dir(stage.folder()).unwrap();
        let made = made.filter(|entry| {
            entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "attestation")
        });
        assert_eq!(made.count(), FILES * 2, "each statement is signed");
        sampled(&stage, whole, other)
    };
    let samples = rounds::in_turns([ours, theirs]);
    let title = format!("signing: {FILES} files, {} statements (aim: a third)", FILES * 2);
    rounds::beside(&title, "sigstore-python", &[WHOLE, SIGNING], &samples);
    println!(
        "  certificates asked for in one run: rel {}, sigstore-python {}",
        certificates[0], certificates[1]
    );
}

fn sampled(stage: &Stage, whole: Duration, certificates: &mut usize) -> Sample {
    assert_eq!(stage.count(logs), FILES * 2, "each statement once");
    *certificates = stage.count(|asked| asked.line.ends_with("/api/v2/signingCert"));
    let token = |asked: &Asked| asked.audience.as_deref() == Some("sigstore");
    let signing = stage.last(logs) - stage.first(token);
    Sample::from([(WHOLE.into(), whole), (SIGNING.into(), signing)])
}

fn logs(asked: &Asked) -> bool {
    asked.status == 201
        && asked.line.starts_with("POST")
        && asked.line.ends_with("/api/v1/log/entries")
}

/// Writes the statements that rel would sign, and where to sign them.
fn state(stage: &Stage, wheels: &[std::path::PathBuf]) {
    let write =
        |name: &str, bytes: &[u8]| std::fs::write(stage.folder().join(name), bytes).unwrap();
    write("trust.json", stage.trust.to_string().as_bytes());
    for path in wheels {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap();
        let digest = Digest::of(std::fs::read(Path::new(path)).unwrap());
        for predicate in Predicate::ALL {
            let text = statement(predicate, name, digest.as_str(), &stage.claims, &stage.server);
            write(&format!("{name}.{}.statement", predicate.name()), &text);
        }
    }
}
