//! What is said of files that are not verified: which check failed, what was wanted and found, what to do.

use super::material::{ENDINGS, Place, Target};
use crate::attest::verify::{Check, Why};
use crate::diag::Diagnostic;
use crate::remote::Trouble;
use crate::report::verified::{Checked, File, flat, kind};

/// What to do about a failed check.
fn cure(check: Check) -> &'static str {
    match check {
        Check::Form => "get the attestation anew, from where the file is published",
        Check::Subject => {
            "get the file and its attestation anew, both from where they are published"
        }
        Check::Signature | Check::Certificate | Check::CertificateLog | Check::Log => {
            "do not use the file: get it and its attestation anew, and ask its publisher if this stays"
        }
        Check::Root => {
            "if another Sigstore has signed it, or one newer than this rel, name its root with `--trusted-root FILE`"
        }
        Check::Identity => "do not use the file, unless whoever signed it is whom you meant",
        Check::Expectation => {
            "give `--repository OWNER/NAME`, or `--identity NAME --issuer URL`, to check that it is whom you expect"
        }
    }
}

/// All that keeps a file from being verified; what does not count is told only if nothing holds.
pub(super) fn wrong(file: &File, target: &Target, place: Option<&Place>) -> Vec<Diagnostic> {
    if file.verified {
        return Vec::new();
    }
    if file.checked.is_empty() {
        return vec![missing(target, place)];
    }
    let held = file.checked.iter().any(|one| one.outcome.is_ok());
    let told = file.checked.iter().filter(|one| one.counts || !held);
    told.filter_map(|one| Some(failed(target, one, one.outcome.as_ref().err()?))).collect()
}

fn failed(target: &Target, one: &Checked, why: &Why) -> Diagnostic {
    let (shown, source) = (flat(&target.shown), flat(&one.source));
    let mut wrong = Diagnostic::refused(format!("{shown}: {}", why.check.failed()));
    let what = why.facts.as_deref().map_or("attestation".into(), kind);
    wrong = wrong.note(format!("{what} from {source}"));
    if let Some(facts) = &why.facts {
        let of = |text: &Option<String>| flat(text.as_deref().unwrap_or("nobody"));
        wrong = wrong
            .note(format!("signed by {}", of(&facts.identity)))
            .note(format!("whom {} knows by that name", of(&facts.issuer)));
    }
    let pairs = [("", &why.detail), ("wanted: ", &why.wanted), ("found: ", &why.found)];
    for (before, text) in pairs {
        if let Some(text) = text {
            wrong = wrong.note(format!("{before}{}", flat(text)));
        }
    }
    wrong.hint(cure(why.check))
}

fn missing(target: &Target, place: Option<&Place>) -> Diagnostic {
    let shown = flat(&target.shown);
    let wrong = Diagnostic::refused(format!("{shown}: no attestation was found"));
    let wrong = match place {
        Some(Place::Index(index)) => wrong.note(format!("{} has none", index.name)),
        Some(Place::GitHub(repository)) => {
            wrong.note(format!("GitHub has none of {repository} for sha256 {}", target.sha256))
        }
        None => wrong,
    };
    let endings = ENDINGS.map(|ending| format!("`{ending}`")).join(", ");
    let wrong = match target.path {
        Some(_) => wrong.note(format!("beside it there is no file with {endings} after its name")),
        None => wrong,
    };
    match place {
        None => wrong.hint(
            "name it with `--attestation FILE`, or ask with `--from pypi` or `--from github`",
        ),
        Some(_) => wrong.hint("check that this is the very file that was published there"),
    }
}

/// What an index or GitHub answered instead.
pub(super) fn trouble(target: &Target, trouble: Trouble) -> Diagnostic {
    let shown = flat(&target.shown);
    match trouble {
        Trouble::Refused { reason, hint } => {
            Diagnostic::remote(format!("{shown}: {}", flat(&reason))).hint(hint)
        }
        Trouble::Unclear(why) | Trouble::Unsent(why) | Trouble::Later { reason: why, .. } => {
            let wrong = format!("{shown}: its attestations cannot be asked for: {}", flat(&why));
            Diagnostic::remote(wrong).hint("run the same command again")
        }
    }
}
