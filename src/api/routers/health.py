"""Whether the service is up: the one thing that nobody needs a key for."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request, Response

from src import __version__
from src.api.schemas import Health
from src.errors import DatabaseUnavailable

logger = logging.getLogger(__name__)
router = APIRouter(tags=["service"])


@router.get("/health", responses={503: {"model": Health, "description": "The database cannot be reached."}})
def health(request: Request, response: Response) -> Health:
    """Tell whether the service is up and its database can be reached."""
    try:
        needed: bool | None = request.app.state.keys.are_needed()
    except DatabaseUnavailable as error:
        logger.error("%s", error)
        response.status_code, needed = 503, None
    is_there = needed is not None
    return Health(
        status="ok" if is_there else "database unavailable",
        version=__version__,
        database=is_there,
        keys_needed=needed,
    )
