"""Batches are written as OData wants them, and read part by part or not at all."""

from __future__ import annotations

import pytest

from connections.batch import Part, batch_answers, batch_request
from connections.causes import Cause
from connections.errors import ConfigurationError, TransientError
from connections.odata import Answer
from connections.systems import Side

ANSWER = (
    b"--batchresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    b"\r\nHTTP/1.1 204 No Content\r\nOData-EntityId: https://x.example/accounts(1)\r\n\r\n\r\n"
    b"--batchresponse_1\r\nContent-Type: application/http\r\n\r\n"
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Type: application/json\r\n\r\n"
    b'{"error":{"code":"0x80072322","message":"Later"}}\r\n'
    b"--batchresponse_1--\r\n"
)


def _answer(body: bytes, kind: str = "multipart/mixed; boundary=batchresponse_1") -> Answer:
    return Answer(Side.DATAVERSE, 200, {"Content-Type": kind}, body)


def test_parts_stand_one_behind_the_other_with_blank_lines_where_they_belong() -> None:
    parts = [Part("PATCH", "accounts(1)", b'{"name":"A"}', b"If-Match: *\r\n"), Part("GET", "a")]

    request = batch_request("/api/data/v9.2/", parts)

    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    assert (
        request.body
        == (
            f"--batch_console\r\n{head}PATCH /api/data/v9.2/accounts(1) HTTP/1.1\r\nIf-Match: *\r\n"
            '\r\n{"name":"A"}\r\n'
            f"--batch_console\r\n{head}GET /api/data/v9.2/a HTTP/1.1\r\n\r\n\r\n"
            "--batch_console--\r\n"
        ).encode()
    )
    assert request.headers["Prefer"] == "odata.continue-on-error"


def test_every_part_has_its_answer() -> None:
    first, second = batch_answers(_answer(ANSWER), 2)

    assert (first.status, first.body) == (204, b"")
    assert second.status == 429
    assert second.retry_after == 7
    assert second.refused() == ("0x80072322", "Later")


def test_a_quoted_boundary_is_understood() -> None:
    kind = 'multipart/mixed; boundary="batchresponse_1"; charset=utf-8'

    assert len(batch_answers(_answer(ANSWER, kind), 2)) == 2


@pytest.mark.parametrize(
    "body", [b"", ANSWER[:200], ANSWER[:-20], ANSWER.replace(b"HTTP/1.1", b"")]
)
def test_a_batch_that_broke_off_is_not_half_believed(body: bytes) -> None:
    with pytest.raises(TransientError) as failure:
        batch_answers(_answer(body), 2)

    assert failure.value.cause == Cause.MALFORMED_ANSWER


def test_more_or_fewer_answers_than_parts_are_not_believed() -> None:
    with pytest.raises(TransientError):
        batch_answers(_answer(ANSWER), 3)


def test_a_web_page_is_no_batch() -> None:
    with pytest.raises(ConfigurationError) as failure:
        batch_answers(_answer(b"<html>", "text/html"), 1)

    assert failure.value.cause == Cause.NOT_AN_API
