"""The package as it is installed."""

from importlib.metadata import version

import tidepool


def test_the_version_is_the_one_of_the_installed_distribution() -> None:
    assert tidepool.__version__ == version("tidepool-demo")


def test_every_public_name_exists() -> None:
    assert all(hasattr(tidepool, name) for name in tidepool.__all__)
