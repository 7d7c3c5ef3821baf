"""How high the water stands, as the program `skerry` tells it."""

import subprocess
import sysconfig
from pathlib import Path


def program() -> Path:
    """The program that came with this package."""
    name = "skerry" + (sysconfig.get_config_var("EXE") or "")
    return Path(sysconfig.get_path("scripts")) / name


def height(low: float, high: float, hours: int) -> float:
    """The height of the water so many hours after low water."""
    words = [str(program()), str(low), str(high), str(hours)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
