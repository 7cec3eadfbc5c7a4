"""Values survive being stored as JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.systems import Lookup, Value
from mappings.encoding import decode, decoded, encoded

values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.text(),
    st.integers(),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(
        min_value=datetime(1753, 1, 1), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)
    ),
    st.uuids(),
    st.builds(Lookup, st.text(min_size=1), st.uuids()),
)


@given(st.dictionaries(st.text(), values))
def test_what_is_stored_comes_back_as_it_was(row: dict[str, Value]) -> None:
    stored = json.dumps(encoded(row))

    assert decoded(json.loads(stored)) == row


def test_a_time_stays_a_time_and_a_date_a_date() -> None:
    moment = datetime(2026, 5, 4, tzinfo=UTC)

    back = decoded(encoded({"at": moment, "on": date(2026, 5, 4)}))

    assert type(back["at"]) is datetime
    assert type(back["on"]) is date


@pytest.mark.parametrize("stored", [["moon", "1"], {"a": 1}, []])
def test_what_was_never_encoded_is_refused(stored: object) -> None:
    with pytest.raises(ValueError, match="no encoded value"):
        decode(stored)
