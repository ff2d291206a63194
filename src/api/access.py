"""Who may ask: closed by default. Nothing but `/health` is let through without a key once there is one.

On a loopback address without any key everybody on the machine may ask, but no web page that a browser there has open:
neither by a name that was made to point here (DNS rebinding), nor from another origin.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.errors import Refusal, answer_to
from src.api.keys import ApiKey, ApiKeys
from src.api.keys import Scope as KeyScope
from src.api.lookups import Lookups
from src.errors import ApiUnprotected, FarolError

OPEN_PATH = "/health"
DOCS_PATHS = ("/docs", "/openapi.json", "/static-offline-docs")
"""What a browser asks for by itself: there it may be asked for the key as a password."""
_SCOPE = "farol.key_scope"


def check_start(host: str, keys: ApiKeys) -> None:
    """Check that the API may be served on an address.

    Raises
    ------
    ApiUnprotected
        Other machines can reach it, and there is no key.
    """
    if not is_loopback(host) and not keys.is_any_usable():
        raise ApiUnprotected(
            "Other machines can reach {host}, and there is no key, so the API is not served there. Make one with "
            "`python -m src api key create NAME`, or serve it on 127.0.0.1.",
            host=host or "an empty address",
        )


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from its own machine only."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Access:
    """ASGI middleware that lets requests through or refuses them.

    Parameters
    ----------
    host : str
        The address that the API is served on.
    """

    def __init__(self, app: ASGIApp, keys: ApiKeys, host: str, lookups: Lookups) -> None:
        self._app, self._keys, self._host, self._lookups = app, keys, host, lookups

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and scope["path"] == OPEN_PATH):
            await self._app(scope, receive, send)
            return
        try:
            key = await self._lookups.ask(self._admitted, scope)
        except (FarolError, HTTPException) as error:
            if scope["type"] != "http":
                raise
            await answer_to(error)(scope, receive, send)
            return
        scope[_SCOPE] = KeyScope.WRITE if key is None else key.scope
        await self._app(scope, receive, send)
        now = datetime.now(UTC)
        if key is not None and key.is_use_to_be_noted(now):  # when the answer is on its way: a write may have to wait
            await run_in_threadpool(self._keys.note_use, key.name, now)

    def _admitted(self, scope: Scope) -> ApiKey | None:
        """Return the key that a request comes with, or None where none is needed; refuse it otherwise."""
        headers, is_docs = Headers(scope=scope), _is_docs(scope["path"])
        given = _given_key(headers.get("authorization", ""), takes_password=is_docs)
        if given and (key := self._keys.find(given)):
            return key
        if self._keys.are_needed() or not is_loopback(self._host):
            raise _key_needed(is_docs=is_docs, is_given=bool(given))
        _check_comes_from_here(headers)
        return None


def require_write(request: Request) -> None:
    """Refuse a key that is good for reading only; a dependency of every route that changes something."""
    if request.scope.get(_SCOPE) != KeyScope.WRITE:
        raise Refusal(403, "write_key_needed", "This key is good for reading only. Use one made with --write.")


def _is_docs(path: str) -> bool:
    return any(path == known or path.startswith(f"{known}/") for known in DOCS_PATHS)


def _given_key(authorization: str, *, takes_password: bool) -> str:
    """Return the key of a header: a bearer token, or where that is taken the password of HTTP Basic; else nothing."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic" and takes_password:
        try:
            return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _key_needed(*, is_docs: bool, is_given: bool) -> Refusal:
    if is_docs:
        challenge = 'Basic realm="Farol: the key is the password", charset="UTF-8"'
    else:
        challenge = 'Bearer realm="Farol"' + (', error="invalid_token"' if is_given else "")
    headers = {"WWW-Authenticate": challenge}
    if is_given:
        return Refusal(401, "key_unknown", "There is no such key, or it was revoked.", headers)
    return Refusal(401, "key_needed", "A key is needed: send it as `Authorization: Bearer KEY`.", headers)


def _check_comes_from_here(headers: Headers) -> None:
    """Refuse what a web page has a browser ask: the name in Host, or the page in Origin, is not of this machine."""
    if not is_loopback(_host_name(f"//{headers.get('host', '')}")):
        raise Refusal(
            421, "host_unknown", "Without keys the API answers to localhost only. Make a key to use another name."
        )
    if "origin" in headers and not is_loopback(_host_name(headers["origin"])):
        raise Refusal(403, "origin_unknown", "Without keys the API answers to no web page. Make a key to use it there.")


def _host_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
