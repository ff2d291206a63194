"""The limit on bodies counts what comes, however it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from src.api.errors import Refusal
from src.api.limits import BodyLimit


def read_through(parts: Sequence[bytes], *, most: int, declared: str = "") -> tuple[bytes, list[Message]]:
    """Have an application read a body part by part; return what it got, and what was sent in its place."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    got, sent = [], []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["more_body"]:
            got.append(message["body"])

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-length", declared.encode("latin-1"))] if declared else []
    scope = {"type": "http", "headers": headers}
    asyncio.run(BodyLimit(application, most)(scope, receive, send))
    return b"".join(got), sent


def test_parts_that_are_small_enough_together_are_let_through():
    assert read_through([b"12", b"345"], most=5) == (b"12345", [])


def test_parts_that_are_too_many_together_are_refused_as_they_come():
    with pytest.raises(Refusal) as refused:
        read_through([b"12", b"345", b"6"], most=5)
    assert refused.value.status_code == 413


def test_what_is_declared_too_large_is_not_read_at_all():
    got, sent = read_through([b"1"], most=5, declared="6")
    assert got == b""
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("declared", ["-1", "²", "many", "5"])
def test_a_length_that_is_none_is_not_relied_upon(declared):
    assert read_through([b"12345"], most=5, declared=declared) == (b"12345", [])
