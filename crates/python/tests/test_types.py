"""The stubs say what is there, and a typed program is accepted."""

from __future__ import annotations

import pathlib
import subprocess
import sys

EXAMPLE = pathlib.Path(__file__).with_name("typed") / "example.py"


def run(*words: str) -> None:
    ran = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_stubs_are_those_of_the_package() -> None:
    run("mypy.stubtest", "contactmill", "--ignore-disjoint-bases")


def test_a_typed_program_is_accepted_and_a_wrong_one_is_not() -> None:
    run("mypy", "--strict", str(EXAMPLE))
