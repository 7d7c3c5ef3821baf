"""Has a program of others judge attestations: as they were published, and with something changed.

judge.py PROGRAM FOLDER EARLIER STRANGER: the program's start script, what was published, the same from
an earlier rehearsal, a bundle by another key of the same run. What the program says is written to
FOLDER/NAME.verdicts. It is loaded once, and each of its runs is a process forked off from there.
"""

import base64
import copy
import functools
import hashlib
import importlib
import json
import os
import pathlib
import runpy
import shutil
import sys
import tempfile
import traceback

PROGRAM, FOLDER, EARLIER, STRANGER = (pathlib.Path(word) for word in sys.argv[1:])
WHEEL, SDIST = "time_piece-1.0-py3-none-any.whl", "time_piece-1.0.tar.gz"
ISSUER = "https://token.actions.githubusercontent.com"
WEB = os.environ["GITHUB_SERVER_URL"]
REPOSITORY = os.environ["GITHUB_REPOSITORY"]
IDENTITY = f"{WEB}/{os.environ['GITHUB_WORKFLOW_REF']}"
RUN = {
    "--cert-identity": IDENTITY,
    "--repository": REPOSITORY,
    "--ref": os.environ["GITHUB_REF"],
    "--sha": os.environ["GITHUB_SHA"],
    "--trigger": os.environ["GITHUB_EVENT_NAME"],
    "--name": os.environ["GITHUB_WORKFLOW"],
}
OTHERS = {
    "repository": "someone/else",
    "ref": "refs/heads/main",
    "sha": "0" * 40,
    "trigger": "workflow_dispatch",
    "name": "Other",
}
STRANGE = IDENTITY.replace("release.yml", "other.yml")


def published(file, kind, folder=FOLDER):
    return json.loads((folder / f"{file}.{kind}.attestation").read_text())


def bundle(one):
    """An attestation in the shape that sigstore reads."""
    material, envelope = one["verification_material"], one["envelope"]
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": material["certificate"]},
            "tlogEntries": material["transparency_entries"],
        },
        "dsseEnvelope": {
            "payload": envelope["statement"],
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": envelope["signature"]}],
        },
    }


def provenance(one, workflow="release.yml"):
    """An attestation in the shape that an index serves."""
    publisher = {"kind": "GitHub", "repository": REPOSITORY, "workflow": workflow}
    return {"version": 1, "attestation_bundles": [{"publisher": publisher, "attestations": [one]}]}


# --- the words of the programs: each takes the file and what is said of it


def github(file, said, **other):
    run = RUN | {f"--{name}": value for name, value in other.items()}
    words = [word for pair in run.items() for word in pair]
    return ["verify", "github", "--offline", "--bundle", said, *words, file]


def identity(file, said, identity=IDENTITY, issuer=ISSUER):
    words = ["--cert-identity", identity, "--cert-oidc-issuer", issuer]
    return ["verify", "identity", "--offline", "--bundle", said, *words, file]


def pypi(file, said, repository=REPOSITORY):
    words = ["--repository", f"{WEB}/{repository}", "--provenance-file", said]
    return ["verify", "pypi", "--offline", *words, file]


def attestation(file, identity=IDENTITY):
    return ["verify", "attestation", "--offline", "--identity", identity, file]


# --- what is changed


def flip(place, name):
    """The last bit of a field becomes the other one."""
    raw = bytearray(base64.b64decode(place[name]))
    raw[-1] ^= 1
    place[name] = base64.b64encode(raw).decode()


def add(place, name, number):
    place[name] = str(int(place[name]) + number)


def material(one):
    return one["verification_material"]


def entry(one):
    return material(one)["transparency_entries"][0]


def proof(one):
    return entry(one)["inclusionProof"]


def restate(one):
    """The statement names another digest."""
    statement = json.loads(base64.b64decode(one["envelope"]["statement"]))
    statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(b"other").hexdigest()
    one["envelope"]["statement"] = base64.b64encode(json.dumps(statement).encode()).decode()


def alone(one):
    """A proof that is right in itself, for a tree that the log never signed."""
    leaf = hashlib.sha256(b"\0" + base64.b64decode(entry(one)["canonicalizedBody"])).digest()
    root = base64.b64encode(leaf).decode()
    proof(one).update(logIndex="0", treeSize="1", hashes=[], rootHash=root)


def resign(one):
    place = proof(one)["checkpoint"]
    note, signature = place["envelope"].rstrip("\n").rsplit(" ", 1)
    place["envelope"] = signature
    flip(place, "envelope")
    place["envelope"] = f"{note} {place['envelope']}\n"


def of_another_log(one):
    """An entry of another log with a good proof there, at the time of the one that was."""
    time = entry(one)["integratedTime"]
    material(one)["transparency_entries"] = copy.deepcopy(material(ELSEWHERE)["transparency_entries"])
    entry(one)["integratedTime"] = time


# Each program gets another kind to find changes in.
KIND = {"sigstore": "slsa", "pypi-attestations": "publish"}[PROGRAM.name]
ONE = published(WHEEL, KIND)
ELSEWHERE = published(WHEEL, KIND, EARLIER)
OF_SDIST = published(SDIST, KIND)
OTHER_KEY = json.loads(STRANGER.read_text())["verificationMaterial"]["certificate"]["rawBytes"]

CHANGES = {
    "another file": lambda one: None,
    "the attestation of another file": lambda one: one.update(copy.deepcopy(OF_SDIST)),
    "another signature": lambda one: flip(one["envelope"], "signature"),
    "another statement": restate,
    "a certificate that was changed": lambda one: flip(material(one), "certificate"),
    "a certificate for another key": lambda one: material(one).update(certificate=OTHER_KEY),
    "a certificate of another authority": lambda one: material(one).update(
        certificate=material(ELSEWHERE)["certificate"]
    ),
    "an attestation of another authority": lambda one: one.update(copy.deepcopy(ELSEWHERE)),
    "a proof with another hash": lambda one: proof(one).update(
        hashes=[proof(one)["rootHash"], *proof(one)["hashes"][1:]]
    ),
    "a proof without a hash": lambda one: proof(one)["hashes"].pop(),
    "a proof with another root": lambda one: flip(proof(one), "rootHash"),
    "a proof of another tree": alone,
    "a proof without a checkpoint": lambda one: proof(one).pop("checkpoint"),
    "a checkpoint with another signature": resign,
    "no proof": lambda one: entry(one).pop("inclusionProof"),
    "a promise with another signature": lambda one: flip(
        entry(one)["inclusionPromise"], "signedEntryTimestamp"
    ),
    "a promise of another time": lambda one: add(entry(one), "integratedTime", 1),
    "a promise of another place": lambda one: add(entry(one), "logIndex", 1),
    "no promise": lambda one: entry(one).pop("inclusionPromise"),
    "a time after the certificate's": lambda one: add(entry(one), "integratedTime", 601),
    "an entry for another file": lambda one: material(one).update(
        transparency_entries=material(OF_SDIST)["transparency_entries"]
    ),
    "an entry of another log": of_another_log,
}


# --- what is judged: each trial has a name and the words


def written(file, shape, one):
    """The file's copy in a folder of its own, and what is said of it beside it."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
    (folder / "said").write_text(json.dumps(shape(one)))
    return shutil.copy(FOLDER / file, folder), folder / "said"


def changed(shape):
    for name, change in CHANGES.items():
        one = copy.deepcopy(ONE)
        change(one)
        file, said = written(WHEEL, shape, one)
        if name == "another file":
            pathlib.Path(file).write_bytes(b"PK")
        yield name, file, said


def trials_of_sigstore():
    for file in [WHEEL, SDIST]:
        for kind in ["publish", "slsa"]:
            copied, said = written(file, bundle, published(file, kind))
            yield f"{kind} of {file}", github(copied, said)
            yield f"{kind} of {file}, by identity", identity(copied, said)
    yield "of sigstore itself", github(EARLIER / SDIST, STRANGER)
    for name, copied, said in changed(bundle):
        yield name, github(copied, said)
    copied, said = written(WHEEL, bundle, ONE)
    for name, other in OTHERS.items():
        yield f"another {name}", github(copied, said, **{name: other})
    yield "another workflow", identity(copied, said, identity=STRANGE)
    yield "another issuer", identity(copied, said, issuer=WEB)


def trials_of_pypi():
    for file in [WHEEL, SDIST]:
        yield f"both of {file}", pypi(FOLDER / file, FOLDER / f"{file}.provenance")
        yield f"both of {file}, by identity", attestation(FOLDER / file)
    for name, copied, said in changed(provenance):
        yield name, pypi(copied, said)
    copied, said = written(WHEEL, provenance, ONE)
    yield "another repository", pypi(copied, said, OTHERS["repository"])
    yield "another workflow", attestation(FOLDER / WHEEL, STRANGE)
    other = functools.partial(provenance, workflow="other.yml")
    yield "another publisher", pypi(*written(WHEEL, other, ONE))


def run(words):
    """Runs the program to its end; the exit code."""
    sys.argv = [str(word) for word in [PROGRAM, *words]]
    try:
        runpy.run_path(str(PROGRAM), run_name="__main__")
        return 0
    except SystemExit as ended:
        return ended.code or 0
    except BaseException:
        traceback.print_exc()
        return 1


def verdict(name, words):
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            code = run(words)
            sys.stdout.flush()
            # At once: taking the interpreter apart takes longer than a judgement.
            os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        return {"case": name, "code": code, "said": " ".join(output.read().decode().split())}


TRIALS = {"sigstore": trials_of_sigstore, "pypi-attestations": trials_of_pypi}
# Else what it says is broken into the lines of a narrow terminal.
os.environ["COLUMNS"] = "2000"
importlib.import_module(f"{PROGRAM.name.replace('-', '_')}._cli")
verdicts = [verdict(*trial) for trial in TRIALS[PROGRAM.name]()]
(FOLDER / f"{PROGRAM.name}.verdicts").write_text(json.dumps(verdicts))
