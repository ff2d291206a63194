"""Forecasts of prices, served again from memory, and trainings, which are jobs that a request may wait for."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from functools import cached_property

from src.api.errors import Refusal
from src.api.price_schemas import PriceForecastAnswer, PriceModelAnswer, PriceTrainingAnswer
from src.errors import ApiBusy, JobFailed, ModelNotFound
from src.jobs import UNFINISHED, Job, find_job, get_job, submit
from src.notes import Note
from src.pricing import model_acts
from src.pricing.batch_training import PricePlan
from src.pricing.model_manager import ModelManager, create_model_manager
from src.pricing.prediction import PricePredictor
from src.pricing.products import ProductRepository
from src.pricing.training_job import KIND, parameters_for, read_report

MOST_KEPT = 4_096
MOST_WAITING = 8
"""Requests that may wait for a training: each of them holds a thread, and others need threads too."""
_LOOK_SECONDS = 0.2
_ACTOR = "API"


class PriceAnswers:
    """What the API says of prices; threads may share it."""

    def __init__(self) -> None:
        self._products = ProductRepository()
        self._room = threading.BoundedSemaphore(MOST_WAITING)
        self._making, self._lock = threading.Lock(), threading.Lock()
        self._kept: OrderedDict[tuple[str, int], tuple[object, bytes]] = OrderedDict()

    @cached_property
    def manager(self) -> ModelManager:
        """The models, looked at when they are first asked for: the API starts without a database too."""
        return create_model_manager()

    @cached_property
    def _predictor(self) -> PricePredictor:
        return PricePredictor()

    def known(self, sku: str, days_ahead: int) -> bytes | None:
        """Return the forecast in memory as JSON, if it is still the one that would be made; ProductNotFound."""
        state = self._state(sku)
        with self._lock:
            known = self._kept.get((sku, days_ahead))
        return known[1] if known is not None and known[0] == state else None

    def forecast(self, sku: str, days_ahead: int) -> bytes:
        """Return a forecast as JSON; the same again while the model and the history are the same.

        Raises as `PricePredictor.predict` does.
        """
        with self._making:  # side by side they only get in each other's way
            return self.known(sku, days_ahead) or self._made(sku, days_ahead)  # by the request that was waited for

    def model(self, sku: str) -> PriceModelAnswer:
        """Return what is known of a product's model; ModelNotFound where it has none."""
        models = self.manager.models()
        if sku not in models:
            raise ModelNotFound("There is no price model of {sku!r}. Train one first.", sku=sku)
        return PriceModelAnswer.of(models[sku], self.manager.facts()[sku])

    def delete_model(self, sku: str) -> None:
        """Delete a product's model; ModelNotFound where it has none."""
        model_acts.delete(_ACTOR, sku, self.manager)

    def start_training(self, sku: str, trials: int) -> Job:
        """Start the training of a product's model, unless the same one is under way; ProductNotFound."""
        self._products.existing([sku])
        parameters = parameters_for([sku], PricePlan(trials=trials, again=True), actor=_ACTOR)
        known = find_job(KIND, parameters)
        if known is not None and known.state in UNFINISHED:
            return known
        return submit(KIND, parameters, title=Note("Train the price model of {sku}", {"sku": sku}))

    def wait_for(self, job: Job) -> PriceTrainingAnswer:
        """Wait for a training, and return what came of it.

        Raises
        ------
        ApiBusy
            Too many wait already; the job goes on.
        Refusal
            The product cannot be learnt from.
        JobFailed
            The job ended otherwise.
        """
        if not self._room.acquire(blocking=False):
            raise ApiBusy("{count} requests wait for trainings. Ask with wait=false, or later.", count=MOST_WAITING)
        try:
            while job.state in UNFINISHED:
                time.sleep(_LOOK_SECONDS)
                job = get_job(job.job_id)
        finally:
            self._room.release()
        if job.state != "done" or job.result is None:
            raise job.error or JobFailed("The training was ended: {state}.", state=job.state)
        (outcome,) = read_report(job.result).outcomes
        if not outcome.is_trained:
            raise Refusal(409, "not_trained", " ".join(str(note) for note in outcome.notes))
        return PriceTrainingAnswer.of(outcome)

    def _made(self, sku: str, days_ahead: int) -> bytes:
        """A new answer, kept for the state from before it was made: what comes meanwhile makes it an old one."""
        state = self._state(sku)
        answer = PriceForecastAnswer.of(self._predictor.predict([sku], days_ahead)[sku])
        content = answer.model_dump_json().encode()
        with self._lock:
            self._kept[sku, days_ahead] = (state, content)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return content

    def _state(self, sku: str) -> object:
        """The history and the version of the model: while they are the same, so is the forecast."""
        return self._products.history_stamp(sku), self.manager.facts().get(sku, {}).get("version")
