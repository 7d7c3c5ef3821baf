"""Asks the GitHub of a rehearsal for each operation that it has, and holds every answer against
GitHub's own description of its API: `ask.py DESCRIPTION`, as a task of the rehearsal."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

from description import Description

REPOSITORY = "/repos/{owner}/{repo}"
RELEASE = REPOSITORY + "/releases/{release_id}"
UPLOADS = "https://uploads.github.com"
USER, RUN = os.environ["GH_TOKEN"], os.environ["GITHUB_TOKEN"]


class Stay(urllib.request.HTTPRedirectHandler):
    """Redirects are answers too."""

    def redirect_request(self, *_):
        return None


class Client:
    def __init__(self, description):
        self.description = Description(description)
        self.opener = urllib.request.build_opener(Stay)
        self.owner, self.repo = os.environ["GITHUB_REPOSITORY"].split("/")
        self.asked, self.faults = set(), []

    def ask(
        self,
        status,
        operation,
        body=None,
        *,
        token=USER,
        query=None,
        raw=None,
        accept="json",
        **parts,
    ):
        """Sends a request, and judges its answer; this is the answer's body as JSON."""
        method, path = operation.split(" ", 1)
        parts = {"owner": self.owner, "repo": self.repo, **parts}
        path = path.format(**{key: urllib.parse.quote(str(part)) for key, part in parts.items()})
        origin = UPLOADS if raw is not None else os.environ["GITHUB_API_URL"]
        url = origin + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = raw if raw is not None else body and json.dumps(body).encode()
        headers = {"Accept": f"application/{accept}", "User-Agent": "judge"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Content-Type": "application/octet-stream"} if data else {}
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            answer = self.opener.open(request)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        text = answer.read()
        self.asked.add(operation)
        kind = answer.headers.get("Content-Type", "")
        faults = self.description.faults(operation, answer.status, kind, text)
        if answer.status != status:
            faults.insert(0, f"{status} is expected: {text.decode()}")
        self.faults += [f"{operation} {answer.status}: {fault}" for fault in faults]
        return json.loads(text) if text and "json" in kind else {}


def releases(client):
    ask = client.ask
    made = ask(
        201, f"POST {REPOSITORY}/releases", {"tag_name": "v1.0.0", "name": "One", "body": "notes"}
    )
    number = made.get("id")
    draft = ask(
        201,
        f"POST {REPOSITORY}/releases",
        {"tag_name": "v1.1.0", "draft": True, "generate_release_notes": True},
    )
    ask(200, f"GET {REPOSITORY}/releases")
    ask(200, f"GET {REPOSITORY}/releases", query={"per_page": 1, "page": 2})
    ask(200, f"GET {REPOSITORY}/releases", token=None)
    ask(200, f"GET {REPOSITORY}/releases/latest")
    ask(200, f"GET {REPOSITORY}/releases/tags/{{tag}}", tag="v1.0.0")
    ask(200, f"GET {RELEASE}", release_id=number)
    ask(200, f"PATCH {RELEASE}", {"name": "Uno", "prerelease": True}, release_id=number)
    ask(200, f"PATCH {RELEASE}", {"draft": False}, release_id=draft.get("id"))
    ask(200, f"POST {REPOSITORY}/releases/generate-notes", {"tag_name": "v1.2.0"})
    assets(client, number)
    ask(422, f"POST {REPOSITORY}/releases", {"tag_name": "v1.0.0"})
    ask(422, f"POST {REPOSITORY}/releases", {"name": "without a tag"})
    ask(422, f"POST {REPOSITORY}/releases", {"tag_name": "v3.0.0", "target_commitish": "nowhere"})
    ask(401, f"POST {REPOSITORY}/releases", {"tag_name": "v3.0.0"}, token="wrong")
    ask(401, f"POST {REPOSITORY}/releases", {"tag_name": "v3.0.0"}, token=None)
    ask(404, f"GET {REPOSITORY}/releases/tags/{{tag}}", tag="v3.0.0")
    ask(404, f"GET {RELEASE}", release_id=999999)
    ask(404, f"PATCH {RELEASE}", {"name": "none"}, release_id=999999)
    ask(204, f"DELETE {RELEASE}", release_id=number)
    ask(404, f"DELETE {RELEASE}", release_id=number)


def assets(client, release):
    ask, of = client.ask, {"release_id": release}
    asset = f"{REPOSITORY}/releases/assets/{{asset_id}}"
    made = ask(
        201, f"POST {RELEASE}/assets", raw=b"wheel", query={"name": "a.whl", "label": "A"}, **of
    )
    ask(201, f"POST {RELEASE}/assets", raw=b"source", query={"name": "a.tar.gz"}, **of)
    ask(422, f"POST {RELEASE}/assets", raw=b"again", query={"name": "a.whl"}, **of)
    ask(200, f"GET {RELEASE}/assets", **of)
    ask(200, f"GET {RELEASE}", **of)
    number = {"asset_id": made.get("id")}
    ask(200, f"GET {asset}", **number)
    ask(302, f"GET {asset}", accept="octet-stream", **number)
    ask(200, f"PATCH {asset}", {"name": "b.whl", "label": "B"}, **number)
    ask(204, f"DELETE {asset}", **number)
    ask(404, f"GET {asset}", **number)
    ask(404, f"DELETE {asset}", **number)


def refs(client, commit):
    ask, git = client.ask, f"{REPOSITORY}/git"
    tag = ask(
        201,
        f"POST {git}/tags",
        {"tag": "v5.0.0", "message": "five", "object": commit, "type": "commit"},
    )
    ask(200, f"GET {git}/tags/{{tag_sha}}", tag_sha=tag.get("sha"))
    ask(201, f"POST {git}/refs", {"ref": "refs/tags/v5.0.0", "sha": tag.get("sha")})
    ask(201, f"POST {git}/refs", {"ref": "refs/heads/next", "sha": commit})
    ask(422, f"POST {git}/refs", {"ref": "refs/heads/next", "sha": commit})
    ask(422, f"POST {git}/refs", {"ref": "refs/heads/lost", "sha": "1" * 40})
    ask(200, f"GET {git}/ref/{{ref}}", ref="tags/v5.0.0")
    ask(404, f"GET {git}/ref/{{ref}}", ref="tags/v6.0.0")
    ask(200, f"GET {git}/matching-refs/{{ref}}", ref="tags/v")
    ask(200, f"PATCH {git}/refs/{{ref}}", {"sha": commit, "force": True}, ref="heads/next")
    ask(204, f"DELETE {git}/refs/{{ref}}", ref="heads/next")
    ask(422, f"DELETE {git}/refs/{{ref}}", ref="heads/next")
    ask(404, f"GET {git}/tags/{{tag_sha}}", tag_sha="1" * 40)
    ask(200, f"GET {REPOSITORY}/commits/{{ref}}", ref="main")
    ask(422, f"GET {REPOSITORY}/commits/{{ref}}", ref="1" * 40)
    pulls = f"GET {REPOSITORY}/commits/{{commit_sha}}/pulls"
    ask(200, pulls, commit_sha=commit)
    ask(422, pulls, commit_sha="1" * 40)
    ask(200, f"GET {REPOSITORY}/tags")
    ask(200, f"GET {REPOSITORY}/compare/{{basehead}}", basehead="main...v5.0.0")


def bundle(digest):
    """What the store takes: it judges the form alone."""

    def encoded(value):
        return base64.b64encode(value).decode()

    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "a.whl", "digest": {"sha256": digest}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {},
    }
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"certificate": {"rawBytes": encoded(b"one")}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": encoded(json.dumps(statement).encode()),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": encoded(b"signed")}],
        },
    }


def repository(client):
    ask = client.ask
    digest = hashlib.sha256(b"wheel").hexdigest()
    of = {"subject_digest": f"sha256:{digest}"}
    ask(201, f"POST {REPOSITORY}/attestations", {"bundle": bundle(digest)})
    ask(200, f"GET {REPOSITORY}/attestations/{{subject_digest}}", **of)
    ask(422, f"POST {REPOSITORY}/attestations", {"bundle": {}})
    ask(200, f"GET {REPOSITORY}")
    ask(200, f"GET {REPOSITORY}", token=None)
    ask(200, f"GET {REPOSITORY}/environments")
    ask(200, f"GET {REPOSITORY}/environments/{{environment_name}}", environment_name="release")
    ask(404, f"GET {REPOSITORY}/environments/{{environment_name}}", environment_name="none")
    policies = "environments/{environment_name}/deployment-branch-policies"
    ask(404, f"GET {REPOSITORY}/{policies}", environment_name="none")
    ask(200, f"GET {REPOSITORY}/actions/workflows")
    ask(404, f"GET {REPOSITORY}/actions/workflows/{{workflow_id}}", workflow_id="none.yml")
    ask(200, f"GET {REPOSITORY}/actions/runs")
    ask(404, f"GET {REPOSITORY}/actions/runs/{{run_id}}", run_id=999999)
    ask(404, f"GET {REPOSITORY}/actions/runs/{{run_id}}/jobs", run_id=999999)
    start = f"POST {REPOSITORY}/actions/workflows/{{workflow_id}}/dispatches"
    ask(404, start, {"ref": "main"}, workflow_id="none.yml")
    ask(403, start, {"ref": "main"}, workflow_id="release.yml", token=RUN)
    ask(200, "GET /")
    ask(200, "GET /user")
    ask(401, "GET /user", token="wrong")
    ask(403, "GET /user", token=RUN)
    ask(403, f"GET {REPOSITORY}/immutable-releases")
    ask(200, "GET /rate_limit")


def finds_faults(description):
    """A judge that finds nothing is none."""
    sound = {"name": "v1.0.0", "body": "notes"}
    for wrong in [{"name": "v1.0.0"}, {**sound, "body": 1}, {**sound, "made_up": "x"}]:
        operation = f"POST {REPOSITORY}/releases/generate-notes"
        text = json.dumps(wrong).encode()
        assert description.faults(operation, 200, "application/json", text), wrong


def main():
    client = Client(sys.argv[1])
    finds_faults(client.description)
    words = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    releases(client)
    refs(client, commit)
    repository(client)
    print(f"{len(client.asked)} operations, {len(client.faults)} faults", *client.faults, sep="\n")
    sys.exit(bool(client.faults))


main()
