"""What the README promises is there."""

from __future__ import annotations

import re
from pathlib import Path

from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_target_it_names_exists() -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]+)", README))
    targets = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))

    assert {"demo", "test", "run"} <= named
    assert named <= targets


def test_every_command_it_names_exists() -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", README))

    assert named <= set(get_commands())


def test_every_page_and_picture_it_links_to_exists() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", README)

    assert [path for path in linked if not (ROOT / path).exists()] == []


def test_every_setting_it_lists_is_read_and_every_one_that_is_read_is_listed() -> None:
    sources = [
        *(ROOT / "integration_admin").glob("*.py"),
        ROOT / "integration_admin/management/commands/serve.py",
    ]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    read = set(re.findall(r'(?:env\.\w+|number|environ\.get)\(\s*"([A-Z_]+)"', code))
    table = README.partition("| setting |")[2].partition("\n\n")[0]
    listed = set(
        re.findall(
            r"`([A-Z_]{4,})`",
            "\n".join(line.split("|")[1] for line in table.splitlines() if line.count("|") > 1),
        )
    )

    assert listed - read == set()
    assert read - listed == {"DEBUG", "SANDBOX_PORTS"}
