"""JSON as its standard has it (RFC 8259): Python's parser also takes NaN, Infinity and halves of characters."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute


class _StrictRequest(Request):
    async def json(self) -> Any:
        text = (await self.body()).decode("utf-8")
        content = json.loads(text, parse_constant=_refuse_constant)
        if "\\u" in text:
            _refuse_halves(content)
        return content


class StrictRoute(APIRoute):
    """A route that takes no other JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which is given a stricter request."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return handle_strictly


def _refuse_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is no JSON", "", 0)


def _refuse_halves(content: Any) -> None:
    """Refuse an escaped surrogate without its other half: it is in no UTF-8, and so in no database and no answer."""
    try:
        json.dumps(content, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise json.JSONDecodeError("Half of a character", "", 0) from None
