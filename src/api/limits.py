"""How large a request's body may be: what is declared is refused at once, what is not is counted as it comes.

Starlette has such a limit too, but answers in plain text where the size is declared.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src.api.errors import Refusal, answer_to

MOST_BYTES = 8_000_000
"""Ten thousand readings with long names take half of it."""


class BodyLimit:
    """ASGI middleware that refuses bodies beyond a number of bytes."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _declared(scope) > self._most:
            await answer_to(self._too_large())(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> Refusal:
        return Refusal(413, "body_too_large", f"The body is too large: at most {self._most:,} bytes are taken.")


def _declared(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")[:20]
    return int(length) if length.isascii() and length.isdigit() else 0
