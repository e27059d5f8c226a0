"""Refuses wheels and archives; everything else about the project stands in pyproject.toml."""

import sys

from setuptools import setup

REFUSED = {"bdist", "bdist_wheel", "sdist", "install"}

if REFUSED & set(sys.argv):
    sys.exit(
        "Hearcast is deployed from its repository: clone it and run `make nightly`, or "
        "`pip install --editable .`; a wheel would put packages named flows, transforms and "
        "models among everybody else's."
    )
setup()
