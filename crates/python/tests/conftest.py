"""What all tests share."""

from __future__ import annotations

import pathlib

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def sample() -> pathlib.Path:
    """The sample of the repository: 300 invented contacts."""
    return REPOSITORY / "tests/data/contacts.csv"
