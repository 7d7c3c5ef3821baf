"""What others say of distributions: a JSON object by file name, for the files in a folder.

Each file has whether `packaging` takes its metadata, whether `twine check --strict` passes, and the codes
of `check-wheel-contents`. With `metadata` for the second argument it is the first of these alone.
"""
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import zipfile

from packaging.metadata import Metadata


def metadata(path):
    if path.name.endswith(".whl"):
        info = "-".join(path.name.split("-")[:2]) + ".dist-info"
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(f"{info}/METADATA")
    with tarfile.open(path) as sdist:
        names = [name for name in sdist.getnames() if re.fullmatch(r"[^/]+/PKG-INFO", name)]
        return sdist.extractfile(names[0]).read()


def packaging(path):
    try:
        Metadata.from_email(metadata(path), validate=True)
    except Exception:
        return False
    return True


def run(module, *words):
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(command, capture_output=True, text=True)


def judged(path):
    said = {"packaging": packaging(path), "twine": run("twine", "check", "--strict", str(path)).returncode == 0}
    inside = run("check_wheel_contents", str(path)).stdout if path.suffix == ".whl" else ""
    return said | {"contents": sorted(set(re.findall(r": (W\d{3}): ", inside)))}


folder = pathlib.Path(sys.argv[1])
files = [path for path in sorted(folder.rglob("*")) if path.name.endswith((".whl", ".tar.gz"))]
judge = judged if sys.argv[2] == "all" else packaging
print(json.dumps({str(path.relative_to(folder)): judge(path) for path in files}))
