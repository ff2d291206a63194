"""The application: routers, who may ask, how much may be sent, and what errors look like."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline

from src import __version__
from src.api.access import Access
from src.api.errors import ErrorAnswer, handle_errors
from src.api.head import HeadAsGet
from src.api.keys import ApiKeys
from src.api.limits import BodyLimit
from src.api.loaded_models import LoadedModels
from src.api.lookups import Lookups
from src.api.price_answers import PriceAnswers
from src.api.routers import health, jobs, prices, saved_models, sensors
from src.api.sensor_answers import SensorAnswers

_ABOUT = """\
Sensors, their readings, forecasts and anomalies; prices of products; saved models; jobs.

Times are UTC and need a zone where they are given. Once there is a key, everything but `/health` needs one, as
`Authorization: Bearer KEY`; one for reading may change nothing.
"""
_ERRORS = {
    400: "The body cannot be read.",
    401: "A key is needed.",
    403: "The key is good for reading only.",
    404: "What is asked for is not there.",
    409: "Not as things are: too few readings, a model that is not trusted, other values are stored.",
    413: "The body is too large.",
    421: "Without keys, only localhost is answered.",
    422: "What is given cannot be.",
    500: "Something went wrong; the server's log says more.",
    503: "Not now: the database cannot be reached, or too many wait.",
}
_SHOWN_KEY = HTTPBearer(auto_error=False, description="A key, as `python -m src api key create` prints it.")
"""For the documentation; it is `Access` that looks at keys."""


def create_app(host: str = "127.0.0.1") -> FastAPI:
    """Return the API on the database and the folders that the settings name.

    Parameters
    ----------
    host : str
        The address that it is served on: on another one than of this machine nobody is let in without a key.
    """
    app = FastAPIOffline(
        title="Farol",
        version=__version__,
        description=_ABOUT,
        redoc_url=None,
        redirect_slashes=False,
        swagger_ui_parameters={"validatorUrl": None},  # which is on the web
        responses={status: {"model": ErrorAnswer, "description": text} for status, text in _ERRORS.items()},
    )
    app.state.keys, app.state.lookups = ApiKeys(), Lookups()
    app.state.sensor_answers = SensorAnswers()
    app.state.loaded_models = LoadedModels()
    app.state.price_answers = PriceAnswers()
    app.include_router(health.router)
    for router in (sensors.router, prices.router, saved_models.router, jobs.router):
        app.include_router(router, dependencies=[Depends(_SHOWN_KEY)])
    handle_errors(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(HeadAsGet)
    app.add_middleware(
        Access, keys=app.state.keys, host=host, lookups=app.state.lookups
    )  # the last one is the first to be asked
    return app
