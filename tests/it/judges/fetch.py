"""Takes what an index has of time-piece as any client would: its files, and what is said of their origin.

fetch.py SITE FOLDER
"""

import base64
import json
import pathlib
import sys
import urllib.request

KINDS = {
    "https://docs.pypi.org/attestations/publish/v1": "publish",
    "https://slsa.dev/provenance/v1": "slsa",
}


def get(url, accept="*/*"):
    asked = urllib.request.Request(url, headers={"Accept": accept})
    return urllib.request.urlopen(asked).read()


site, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True)
page = json.loads(get(f"{site}/simple/time-piece/", "application/vnd.pypi.simple.v1+json"))
for entry in page["files"]:
    at = folder / entry["filename"]
    at.write_bytes(get(entry["url"]))
    provenance = get(entry["provenance"], "application/vnd.pypi.integrity.v1+json")
    pathlib.Path(f"{at}.provenance").write_bytes(provenance)
    (bundle,) = json.loads(provenance)["attestation_bundles"]
    for attestation in bundle["attestations"]:
        statement = json.loads(base64.b64decode(attestation["envelope"]["statement"]))
        said = f"{at}.{KINDS[statement['predicateType']]}"
        pathlib.Path(f"{said}.attestation").write_text(json.dumps(attestation))
        pathlib.Path(f"{said}.predicate").write_text(json.dumps(statement["predicate"]))
    print(at.name, "came with", len(bundle["attestations"]))
