"""Reads the AL files with a grammar: `python -m bc_extension.check_grammar`.

It needs the packages tree-sitter and tree-sitter-al, and Python 3.12, which the console does not:
README.md says how to run it apart. A grammar knows no types: it is no compiler.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).resolve().parent / "src"


def main() -> int:
    tree_sitter, grammar = (importlib.import_module(n) for n in ("tree_sitter", "tree_sitter_al"))
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    paths = sorted(SOURCES.rglob("*.al"))
    wrong = 0
    for path in paths:
        for line in _errors(parser.parse(path.read_bytes()).root_node):
            wrong += 1
            sys.stdout.write(f"{path.relative_to(SOURCES)}:{line}: cannot be read\n")
    sys.stdout.write(f"{len(paths)} files, {wrong} places that cannot be read\n")
    return 1 if wrong or not paths else 0


def _errors(node: Any) -> Iterator[int]:
    """Yield the lines that the grammar does not understand."""
    if node.type == "ERROR" or node.is_missing:
        yield node.start_point[0] + 1
    for child in node.children:
        yield from _errors(child)


if __name__ == "__main__":
    sys.exit(main())
