"""Wheels with the descriptions of a JSON file, `{name: text}`, made in a folder, and what
`twine check --strict` says of each: a JSON object of truths."""
import json
import pathlib
import subprocess
import sys
import zipfile

folder, texts = pathlib.Path(sys.argv[1]), json.loads(pathlib.Path(sys.argv[2]).read_text())
files = {}
for name, text in texts.items():
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nDescription-Content-Type: text/x-rst\n\n{text}"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", meta)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    files[name] = path
command = [sys.executable, "-m", "twine", "--no-color", "check", "--strict", *map(str, files.values())]
said = subprocess.run(command, capture_output=True, text=True).stdout
unwrapped = said.replace("\n", "")
print(json.dumps({name: f"{path}: PASSED" in unwrapped for name, path in files.items()}))
