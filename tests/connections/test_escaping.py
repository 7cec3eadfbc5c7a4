"""What stands in an address is percent-encoded as the standard library does it."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from connections.odata.escaping import Escapes


@given(st.text(), st.sampled_from(["", "/", "$(),'=!*:", "$,()/=@:;'!*~"]))
def test_it_is_the_same_as_the_standard_librarys_and_only_faster(text: str, safe: str) -> None:
    assert Escapes(safe)(text) == quote(text, safe=safe, errors="replace")


def test_half_a_character_becomes_a_question_mark() -> None:
    assert Escapes("")("a\ud800b") == "a%3Fb"
