"""The recipes of docs/python.md: each runs, and prints what the page says."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import pytest

PAGE = (pathlib.Path(__file__).resolve().parents[3] / "docs/python.md").read_text("utf-8")
RECIPES = re.findall(r"\n## ([^\n]+)\n(?:(?!\n## ).)*?```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.S)


def test_the_page_has_ten_recipes_and_more() -> None:
    assert len(RECIPES) >= 10
    assert PAGE.count("```python") == len(RECIPES)


@pytest.mark.parametrize(("code", "printed"), [recipe[1:] for recipe in RECIPES], ids=[
    recipe[0] for recipe in RECIPES
])
def test_a_recipe_prints_what_the_page_says(
    code: str, printed: str, tmp_path: pathlib.Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == printed
