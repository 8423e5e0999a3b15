"""What the README claims about commands and settings is so."""

import re
from pathlib import Path

import typer

from app.cli import app as command
from app.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_environment_table_names_every_setting_with_its_own_words():
    rows = re.findall(r"^\| `(RAKOR_\w+)` \| .*? \| (.*) \|$", README, re.MULTILINE)

    assert dict(rows) == {f"RAKOR_{name.upper()}": field.description for name, field in Settings.model_fields.items()}


def test_the_command_table_names_every_verb_that_there_is():
    root = typer.main.get_command(command)
    verbs = set()
    for name, verb in root.commands.items():
        verbs |= {f"{name} {below}" for below in verb.commands} if hasattr(verb, "commands") else {name}

    named = set(
        re.findall(
            r"`rakor ([a-z]+(?: (?:load|compare|adopt|proposals|decide|create|set|list|forget|rotate|revoke))?)", README
        )
    )

    assert named == verbs


def test_every_path_that_the_readme_links_to_is_there():
    for target in re.findall(r"\]\(((?!http)[^)#]+)\)", README):
        assert (Path(__file__).parents[2] / target).exists(), target
