"""What is done once a server, before its first page."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import streamlit as st

from src.config import get_settings
from src.errors import FarolError

_FIRST_PAGE = "src.dashboard.operations.home"
_PATIENCE_SECONDS = 10
logger = logging.getLogger(__name__)


@asynccontextmanager
async def ready_first(_app: object) -> AsyncIterator[None]:
    """Serve when the first page can be shown at once; a database that keeps us waiting holds nobody up for long."""
    beginning = asyncio.get_running_loop().run_in_executor(None, _begin)
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(beginning), _PATIENCE_SECONDS)
    yield


def _begin() -> None:
    with suppress(FarolError):  # whoever comes first tries again, and is told
        get_settings()
        importlib.import_module(_FIRST_PAGE)
        start_once()


@st.cache_resource(show_spinner=False)
def start_once() -> None:
    """Bring database, demo plant and job queue up to date; whoever comes meanwhile waits for it.

    Raises
    ------
    FarolError
        It could not be done; the next one who comes tries again.
    """
    from src.database.migrate import upgrade_database
    from src.jobs import poll
    from src.logs import configure_logging
    from src.sensors.demo_plant import bring_up_to_now

    configure_logging(get_settings())
    upgrade_database()
    bring_up_to_now()
    poll()
    logger.info("The dashboard is up.")
