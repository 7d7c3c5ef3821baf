//! Judges that were written by others, as their users run them: they accept what a rehearsal publishes,
//! and nothing that was changed in it; what they sign and send, the rehearsal's world accepts.
//!
//! Scripts stand in `judges/`. A script changes one thing at a time; the tables here say by which words
//! each change has to be refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::peers;
use crate::project::{MAKE_DIST, Project};

/// Programs that sign, verify and identify.
const JUDGES: &[&str] = &["id==1.6.1", "pypi-attestations==0.0.30", "sigstore==4.5.1"];

/// Takes what an index has of a project.
pub const FETCH: &str = include_str!("judges/fetch.py");
const JUDGE: &str = include_str!("judges/judge.py");
const SIGN: &str = include_str!("judges/sign.py");

/// Writes what sigstore takes as `--trust-config`, from the files that its users find in their cache.
const TRUST: &str = r#"
cd "$XDG_CACHE_HOME"/sigstore-python/tuf/*
printf '{"mediaType":"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json","trustedRoot":%s,"signingConfig":%s}' \
    "$(cat trusted_root.json)" "$(cat signing_config.v0.2.json)" > "$1"
"#;

/// What sigstore accepts: everything that was published, and what it has signed itself.
const SIGSTORE_ACCEPTS: &[&str] = &[
    "publish of time_piece-1.0-py3-none-any.whl",
    "publish of time_piece-1.0-py3-none-any.whl, by identity",
    "slsa of time_piece-1.0-py3-none-any.whl",
    "slsa of time_piece-1.0-py3-none-any.whl, by identity",
    "publish of time_piece-1.0.tar.gz",
    "publish of time_piece-1.0.tar.gz, by identity",
    "slsa of time_piece-1.0.tar.gz",
    "slsa of time_piece-1.0.tar.gz, by identity",
    "of sigstore itself",
];

/// What pypi-attestations accepts: everything that was published.
const PYPI_ACCEPTS: &[&str] = &[
    "both of time_piece-1.0-py3-none-any.whl",
    "both of time_piece-1.0-py3-none-any.whl, by identity",
    "both of time_piece-1.0.tar.gz",
    "both of time_piece-1.0.tar.gz, by identity",
];

/// What both refuse in the same words.
const BOTH_REFUSE: &[(&str, &str)] = &[
    ("another signature", "DSSE: invalid signature"),
    ("another statement", "DSSE: invalid signature"),
    (
        "a certificate that was changed",
        "certificate chain: validation failed: candidates exhausted",
    ),
    ("a certificate for another key", "DSSE: invalid signature"),
    ("a certificate of another authority", "candidates exhausted: signature does not match"),
    ("an attestation of another authority", "candidates exhausted: signature does not match"),
    ("a proof with another hash", "inclusion proof contains invalid root hash: "),
    ("a proof without a hash", "inclusion proof has wrong size: "),
    ("a proof with another root", "inclusion proof contains invalid root hash: "),
    ("a proof of another tree", "Inclusion proof contains invalid root hash signature: "),
    ("a proof without a checkpoint", "entry must contain inclusion proof, with checkpoint"),
    ("a checkpoint with another signature", "checkpoint: invalid signature"),
    ("no proof", "inclusionProof Field required"),
    ("a promise with another signature", "SET: invalid inclusion promise"),
    ("a promise of another time", "SET: invalid inclusion promise"),
    ("a promise of another place", "SET: invalid inclusion promise"),
    ("no promise", "bundle must contain an inclusion promise"),
    ("a time after the certificate's", "cert is not valid at validation time"),
    ("an entry for another file", "log entry payload hash does not match bundle"),
    ("an entry of another log", "checkpoint: invalid signature"),
];

const SIGSTORE_REFUSES: &[(&str, &str)] = &[
    ("another file", "in-toto statement has no subject for digest"),
    ("the attestation of another file", "in-toto statement has no subject for digest"),
    ("another repository", "Certificate's GitHubWorkflowRepository does not match"),
    ("another ref", "Certificate's GitHubWorkflowRef does not match"),
    ("another sha", "Certificate's GitHubWorkflowSHA does not match"),
    ("another trigger", "Certificate's GitHubWorkflowTrigger does not match"),
    ("another name", "Certificate's GitHubWorkflowName does not match"),
    ("another workflow", "Certificate's SANs do not match"),
    ("another issuer", "Certificate's OIDCIssuer does not match"),
];

const PYPI_REFUSES: &[(&str, &str)] = &[
    ("another file", "subject does not match distribution digest"),
    ("the attestation of another file", "subject does not match distribution name"),
    (
        "another repository",
        "was signed by repository \"rehearsal/project\", expected \"someone/else\"",
    ),
    ("another workflow", "Certificate's SANs do not match"),
    (
        "another publisher",
        "does not match expected Trusted Publisher (other.yml @ rehearsal/project)",
    ),
];

/// The folder of their programs.
pub fn judges() -> String {
    peers::venv("judges", JUDGES).join("bin").display().to_string()
}

#[test]
fn what_is_published_convinces_judges_and_nothing_that_was_changed_in_it() {
    let text = r#"
        let identity = ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("once").needs("build").effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
        task("earlier").needs("once").exec("python3 fetch.py https://pypi.org KEPT/earlier");

        task("trust").exec("sh trust.sh KEPT/trust");
        task("stranger").needs("trust").effects("command").secrets(identity).run(|t| {
            remote("BIN/sigstore --trust-config KEPT/trust attest --predicate SDIST.slsa.predicate --predicate-type https://slsa.dev/provenance/v1 --bundle SDIST.bundle SDIST");
        });
        task("publish").needs(["build", "stranger"]).effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
        task("now").needs("publish").exec("python3 fetch.py https://pypi.org KEPT/now");
        task("sigstore").needs("now").exec("BIN/python judge.py BIN/sigstore KEPT/now KEPT/earlier SDIST.bundle");
        task("pypi-attestations").needs("now").exec("BIN/python judge.py BIN/pypi-attestations KEPT/now KEPT/earlier SDIST.bundle");
    "#;
    let kept = tempfile::tempdir().unwrap();
    let text = text.replace("SDIST", "KEPT/earlier/time_piece-1.0.tar.gz");
    let text = text.replace("KEPT", &kept.path().display().to_string()).replace("BIN", &judges());
    let project = Project::new(&text)
        .file("make_dist.py", MAKE_DIST)
        .file("fetch.py", FETCH)
        .file("judge.py", JUDGE)
        .file("trust.sh", TRUST)
        .git()
        .tag("v1.0");
    project.rel("rehearse earlier").code(0).says("time_piece-1.0.tar.gz came with 2");
    project.rel("rehearse sigstore pypi-attestations").code(0);
    let judged = |program: &str| Verdicts::of(&kept.path().join(format!("now/{program}.verdicts")));
    judged("sigstore").are(SIGSTORE_ACCEPTS, &[BOTH_REFUSE, SIGSTORE_REFUSES].concat());
    judged("pypi-attestations").are(PYPI_ACCEPTS, &[BOTH_REFUSE, PYPI_REFUSES].concat());
}

/// Exit code and words of a judge by case.
struct Verdicts(BTreeMap<String, (i64, String)>);

impl Verdicts {
    fn of(file: &Path) -> Self {
        let all: Vec<Value> = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let text = |verdict: &Value, name: &str| verdict[name].as_str().unwrap().to_owned();
        let by_case = all.iter().map(|verdict| {
            (text(verdict, "case"), (verdict["code"].as_i64().unwrap(), text(verdict, "said")))
        });
        Self(by_case.collect())
    }

    /// Exactly these were accepted, and exactly these refused, each with its words.
    fn are(mut self, accepted: &[&str], refused: &[(&str, &str)]) {
        let accepted = accepted.iter().map(|case| (*case, 0, "OK: "));
        let refused = refused.iter().map(|(case, words)| (*case, 1, *words));
        for (case, code, words) in accepted.chain(refused) {
            let (ended, said) = self.0.remove(case).unwrap_or_else(|| panic!("not judged: {case}"));
            assert_eq!(ended, code, "{case}: {said}");
            assert!(said.contains(words), "{case} without `{words}`: {said}");
        }
        assert!(self.0.is_empty(), "not expected: {:?}", self.0);
    }
}

/// The least that sigstore takes for a predicate of the kind.
const PREDICATE: &str = r#"{
    "buildDefinition": { "buildType": "https://forge.example/build", "externalParameters": {} },
    "runDetails": { "builder": { "id": "https://forge.example/builder" } }
}"#;

#[test]
fn what_others_sign_with_the_runs_identity_is_taken_by_the_indexes() {
    let text = r#"
        let identity = ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
        task("build").sh("mkdir $HOME/dist && python3 make_dist.py $HOME/dist 1.0 && sh trust.sh $HOME/trust");
        task("identify").needs("build").effects("command").secrets(identity).run(|t| {
            remote("BIN/python -m id -d pypi");
            remote_sh("! ACTIONS_ID_TOKEN_REQUEST_TOKEN=guessed BIN/python -m id pypi");
        });
        task("sign").needs("identify").effects("command").secrets(identity).run(|t| {
            remote_sh("BIN/python sign.py $HOME/trust $HOME/dist/time_piece-1.0*");
            remote_sh("BIN/sigstore --trust-config $HOME/trust attest --predicate predicate.json --predicate-type https://slsa.dev/provenance/v1 $HOME/dist/*.whl $HOME/dist/*.gz");
        });
        task("convert").needs("sign").sh("cd $HOME/dist && for file in *.whl *.gz; do BIN/pypi-attestations convert $file.sigstore.json --output-file $file.slsa.attestation; done");
        task("mistakes").needs("convert").effects("command").secrets(identity).run(|t| {
            remote_sh("mkdir $HOME/other $HOME/changed && cp $HOME/dist/*.whl $HOME/other && python3 make_dist.py $HOME/changed 1.0 stamp");
            remote_sh("cp $HOME/dist/*.gz.publish.attestation $HOME/other/WHEEL.publish.attestation && ! COLUMNS=2000 TWINE $HOME/other/*");
            remote_sh("cp $HOME/dist/*.whl.publish.attestation $HOME/changed && ! COLUMNS=2000 TWINE $HOME/changed/*.whl*");
        });
        task("twine").needs("mistakes").effects("command").secrets(identity).run(|t| {
            remote_sh("TWINE $HOME/dist/*.whl $HOME/dist/*.gz $HOME/dist/*.attestation");
        });
        task("uv").needs("convert").effects("command").secrets(identity).run(|t| {
            remote_sh("PEERS/uv publish --trusted-publishing always $HOME/dist/*.whl $HOME/dist/*.gz $HOME/dist/*.attestation");
        });
        task("verify").needs(["twine", "uv"]).sh("for site in https://test.pypi.org https://pypi.org; do python3 fetch.py $site $HOME/${site##*/} && for file in $HOME/${site##*/}/*.whl $HOME/${site##*/}/*.gz; do BIN/pypi-attestations verify pypi --offline --repository https://github.com/rehearsal/project --provenance-file $file.provenance $file; done; done");
    "#;
    let twine = "PEERS/twine upload --attestations --non-interactive -r testpypi";
    let text = text.replace("TWINE", twine).replace("PEERS", &peers::clients().to_string_lossy());
    let text = text.replace("WHEEL", "time_piece-1.0-py3-none-any.whl").replace("BIN", &judges());
    let project = Project::new(&text)
        .file("make_dist.py", MAKE_DIST)
        .file("fetch.py", FETCH)
        .file("sign.py", SIGN)
        .file("trust.sh", TRUST)
        .file("predicate.json", PREDICATE)
        .git()
        .tag("v1.0");
    let ran = project.rel("rehearse verify").code(0);
    let ran = ran
        .says("\"aud\":\"pypi\"")
        .says("OIDC token request failed (code=401")
        .says("included attestation: subject does not match distribution name: time_piece-1.0.tar.gz != ")
        .says("included attestation: subject does not match distribution digest");
    for words in [" came with 2", "OK: time_piece-1.0"] {
        assert_eq!(ran.err.matches(words).count(), 4, "{words}: {}", ran.err);
    }
}
