import subprocess

import pytest
import skerry


def test_python_asks_the_program() -> None:
    assert [skerry.height(0, 12, hours) for hours in range(7)] == [0, 1, 3, 6, 9, 11, 12]


def test_wrong_words_are_an_error() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        skerry.height(0, 12, "soon")  # type: ignore[arg-type]
