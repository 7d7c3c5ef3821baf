//! Releases on GitHub, and its store of attestations.

use rhai::Dynamic;

use super::artifact::{argument, artifacts_of};
use super::chosen::Options;
use super::pypi::unsigned;
use super::{Builtin, Call, Phase, Place, download, git, remake, row};
use crate::diag::Outcome;
use crate::model::artifact::Artifact;
use crate::model::effect::{
    DraftRelease, Effect, Predicate, PublishRelease, ReleaseAt, Sign, StoreAttestation, UploadAsset,
};
use crate::model::task::Destination;
use crate::remote::sigstore;
use crate::repo::Repo;
use crate::version;

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Module("github"),
        Phase::Body,
        "release",
        (0, 1),
        "github::release(#{ assets: t.artifacts(\"build\"), notes: \"…\" })",
        "Makes the release of a tag on GitHub: first a draft, then its files, each checked by its digest, then it becomes public. Options: `tag` (else the one at HEAD; GitHub makes it when it has none), `title` (else the tag), `notes` (Markdown; else GitHub writes them from pull requests), `assets`, `prerelease` (else as the version says), `latest` (else GitHub decides by version and date), `draft` (true: it stays one), `repository` (else that of `origin`), `force_recreate` (true: a tag of this name at another commit, and a release or draft of it with other files, are deleted first; it asks, and never does so once a registry holds the version).",
        "task(\"build\").run(|t| exec(\"python3 make_dist.py {} 1.0\", t.out));\ntask(\"gh-release\").needs(\"build\").effects(\"github-release\")\n    .run(|t| github::release(#{ assets: t.artifacts(\"build\"), notes: \"First one.\" }));",
        release,
    ),
    row(
        Place::Module("github"),
        Phase::Body,
        "attest",
        (1, 2),
        "github::attest(t.artifacts(\"build\"))",
        "Signs how each file was built (SLSA provenance), and stores that at GitHub, where `gh attestation verify` looks. It needs the identity of a CI run: without one nothing is asked for, which is said. The signature stands in a public log for ever. A second argument may name another `repository`.",
        "task(\"build\").run(|t| exec(\"python3 make_dist.py {} 1.0\", t.out));\ntask(\"attest\").needs(\"build\").effects(\"attestations\").run(|t| github::attest(t.artifacts(\"build\")));",
        attest,
    ),
    row(
        Place::Module("github"),
        Phase::Body,
        "download",
        (0, 1),
        "github::download(#{ tag: \"v1.0\" })",
        "Takes all files of a public release on GitHub into `t.out`, by their digests: their paths. Where this checkout has made the release, they have to be the very files that it sent, and all of them. Options: `tag` (else the one at HEAD), `repository` (else that of `origin`).",
        "task(\"build\").run(|t| exec(\"python3 make_dist.py {} 1.0\", t.out));\ntask(\"release\").needs(\"build\").effects(\"github-release\").run(|t| github::release(#{ assets: t.artifacts(\"build\") }));\ntask(\"look\").needs(\"release\").run(|t| print(github::download(#{ tag: git::tag() })));",
        download::download,
    ),
];

const OPTIONS: [&str; 9] = [
    "assets",
    "draft",
    "force_recreate",
    "latest",
    "notes",
    "prerelease",
    "repository",
    "tag",
    "title",
];

fn release(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.body()?;
    let options = Options::of(call, 0, &OPTIONS)?;
    let repo = Repo::new(&cx.run.host, cx.run.root.clone());
    let head = repo.head();
    let tag = match options.text("tag")? {
        Some(tag) => tag,
        None => head.and_then(|head| head.tags.first().cloned()).unwrap_or_default(),
    };
    let files = options.get("assets").map_or(Ok(Vec::new()), |value| artifacts_of(call, &value))?;
    let (server, repository) = git::repository(&cx, &repo, options.text("repository")?);
    let prerelease = options.flag("prerelease")?.unwrap_or_else(|| version::is_prerelease(&tag));
    let title = options.text("title")?.unwrap_or_else(|| tag.clone());
    let (notes, latest) = (options.text("notes")?, options.flag("latest")?);
    let (stays, anew) = (options.flag("draft")?, options.flag("force_recreate")?);
    let commit = head.map(|head| head.commit.clone()).unwrap_or_default();
    let at = ReleaseAt { server, repository, tag };
    let attached = |file: &Artifact| {
        let (at, file) = (at.clone(), file.clone());
        Effect::UploadAsset(UploadAsset { at, file })
    };
    let attached: Vec<Effect> = files.iter().map(attached).collect();
    let mut steps = Vec::new();
    if anew.unwrap_or(false) {
        steps = remake::making_room(&remake::remake(&cx, &at, &commit, &files)).into();
    }
    let draft = DraftRelease { at: at.clone(), commit, title, notes, prerelease };
    let published = PublishRelease { at, prerelease, latest, files };
    steps.extend([vec![Effect::DraftRelease(draft)], attached]);
    if !stays.unwrap_or(false) {
        steps.push(vec![Effect::PublishRelease(published.clone())]);
    }
    for step in steps.iter().filter(|step| !step.is_empty()) {
        cx.at_door(None, |door, caller| door.perform(caller, step))?;
    }
    let receipt = Effect::PublishRelease(published).predicted();
    let (tag, url) = (receipt.name.into(), receipt.url.unwrap_or_default().into());
    Ok(Dynamic::from_map([("tag".into(), tag), ("url".into(), url)].into_iter().collect()))
}

fn attest(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.body()?;
    let files = argument(call, 0)?;
    let options = Options::of(call, 1, &["repository"])?;
    if !sigstore::is_offered(&cx.run.host) && !cx.run.signed_elsewhere {
        unsigned(&cx, "GitHub gets no attestations");
        return Ok(Dynamic::UNIT);
    }
    let repo = Repo::new(&cx.run.host, cx.run.root.clone());
    let (server, repository) = git::repository(&cx, &repo, options.text("repository")?);
    let predicate = Predicate::Provenance;
    let sign = |file: &Artifact| {
        let (file, wanted_by) = (file.clone(), Destination::Attestations);
        Effect::Sign(Sign { predicate, file, wanted_by })
    };
    let store = |file: &Artifact| {
        let (server, repository, file) = (server.clone(), repository.clone(), file.clone());
        Effect::StoreAttestation(StoreAttestation { server, repository, predicate, file })
    };
    let steps: [Vec<Effect>; 2] =
        [files.iter().map(sign).collect(), files.iter().map(store).collect()];
    for step in steps {
        cx.at_door(None, |door, caller| door.perform(caller, &step))?;
    }
    Ok(Dynamic::UNIT)
}
