"""What goes wrong, as the API says it: one shape everywhere, and the one place that gives errors their status."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as AnyHTTPException

from src import errors
from src.errors import FarolError

logger = logging.getLogger(__name__)

MOST_DETAILS = 20
"""So many of the things that are wrong with a request are told."""
RETRY_SECONDS = 5

_STATUS: dict[type, int] = {
    LookupError: 404,  # what is asked for is not there
    ValueError: 422,  # what is given cannot be
    errors.InvalidSku: 404,  # in a path: no product can be called so
    errors.InvalidModelName: 404,  # in a path: no model can be called so
    # What is asked for can be, but not as things are.
    errors.ChangedMeanwhile: 409,
    errors.DuplicateModelName: 409,
    errors.DuplicateSensor: 409,
    errors.InvalidProductHistory: 409,  # no day with a price
    errors.InvalidReadingValues: 409,  # too few readings to learn from
    errors.InvalidPrediction: 409,  # the model came to no finite number
    errors.InvalidSeries: 409,
    errors.ModelNotTrusted: 409,
    errors.NoReadings: 409,
    errors.NotTrained: 409,
    errors.ReadingsDiffer: 409,
    # Not now.
    errors.ApiBusy: 503,
    errors.ClusterUnavailable: 503,
    errors.DatabaseUnavailable: 503,
    errors.ModelStoreUnavailable: 503,
}
"""By class of error, or by one that it inherits from; all others are 500."""

_MESSAGES = {
    404: "There is nothing at this address. What there is stands at /docs.",
    405: "This address does not take that method. What there is stands at /docs.",
}


class ErrorDetail(BaseModel):
    """One thing that is wrong with a request."""

    where: list[str | int] = Field(description="The way to it: body, path or query, then names and places from 0.")
    message: str


class ErrorContent(BaseModel):
    """What went wrong."""

    code: str = Field(description="For programs; stays the same when the message is put in other words.")
    message: str = Field(description="For people.")
    details: list[ErrorDetail] | None = Field(
        None, description=f"Of a request that is not valid: what is wrong, the first {MOST_DETAILS}."
    )


class ErrorAnswer(BaseModel):
    """The one shape of everything that goes wrong."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"error": {"code": "sensor_not_found", "message": "There is no sensor 404."}}}
    )

    error: ErrorContent


class Refusal(HTTPException):
    """A request that is refused before, or beside, what it asks for."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, message, headers)
        self.code = code


class _PlainJSON(JSONResponse):
    """JSON in ASCII: what a message repeats from a request may be no text that UTF-8 can have."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def handle_errors(app: FastAPI) -> None:
    """Have an application answer everything that goes wrong in the one shape."""
    for kind in (FarolError, AnyHTTPException, RequestValidationError):
        app.add_exception_handler(kind, _expected)
    app.add_exception_handler(Exception, _unexpected)


def answer_to(error: Exception) -> JSONResponse:
    """Return the answer to an error of Farol, of HTTP or of a request's form."""
    if isinstance(error, FarolError):
        return _named(error)
    if isinstance(error, RequestValidationError):
        return _not_valid(error)
    if isinstance(error, Refusal):
        return _answer(error.status_code, error.code, error.detail, headers=error.headers)
    assert isinstance(error, AnyHTTPException)
    status = error.status_code
    code = _code(HTTPStatus(status).phrase)
    return _answer(status, code, _MESSAGES.get(status, error.detail), headers=error.headers)


def status_of(error: FarolError) -> int:
    """Return the status that an error of Farol is answered with."""
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def _named(error: FarolError) -> JSONResponse:
    status, code = status_of(error), _code(type(error).__name__)
    if status < 500 or isinstance(error, errors.ApiBusy):
        headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
        return _answer(status, code, str(error), headers=headers)
    # The message is for who runs the server: it may name hosts, users and folders.
    logger.error("%s: %s", type(error).__name__, error)
    return _answer(status, code, f"{(type(error).__doc__ or '').strip()} The server's log says more.")


def _not_valid(error: RequestValidationError) -> JSONResponse:
    # Not the `input` that pydantic adds: it repeats the request, which may hold NaN, which is no JSON.
    details = [{"where": list(one["loc"]), "message": _said_of(one)} for one in error.errors()[:MOST_DETAILS]]
    first = details[0]
    place = ".".join(map(str, first["where"]))
    return _answer(422, "invalid_request", f"The request is not valid: {place}: {first['message']}", details)


def _said_of(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "json_invalid":
        return f"This is no JSON: {problem['ctx']['error']}"
    return str(problem["msg"]).removeprefix("Value error, ")


async def _expected(request: Request, error: Exception) -> JSONResponse:
    return answer_to(error)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed.", request.method, request.url.path, exc_info=error)
    return _answer(500, "internal_error", "Something went wrong. The server's log says more.")


def _answer(
    status: int,
    code: str,
    message: str,
    details: Sequence[Mapping[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    content: dict[str, Any] = {"code": code, "message": message}
    if details:
        content["details"] = details
    return _PlainJSON({"error": content}, status, headers)


def _code(name: str) -> str:
    """Return `sensor_not_found` for SensorNotFound and for "Sensor Not Found"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[ -]+", "_", name).lower()
