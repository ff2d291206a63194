"""What the sensors' detectors say of now, asked once for all sessions."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import streamlit as st

from src.dashboard.time_series.models_version import models_version
from src.database.engine import reading
from src.notes import Note
from src.sensors.reading_stream import data_version

_SECONDS_KEPT = 30.0
"""Longer than that nothing is taken for what is said of now: a sensor may have fallen silent."""
_SECONDS_BETWEEN = 5.0
"""The detectors are not asked more often, however fast readings come."""


@dataclass(frozen=True)
class Said:
    """What is said of a sensor now: its score from 0 to 1, whether an anomaly goes on, or the fault that it has."""

    score: float | None
    is_ongoing: bool
    fault: Note | None

    @property
    def is_normal(self) -> bool:
        """Whether nothing is to be looked at."""
        return not self.is_ongoing and self.fault is None


Scores = dict[int, Said]
"""By sensor; those without a detector are not in it."""


class LiveScores:
    """The newest answers of the detectors. Who comes first asks; the others see what was said last."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._version = ""
        self._asked_at = -_SECONDS_KEPT
        self._latest: Scores | None = None

    @property
    def latest(self) -> Scores | None:
        """What was said last, however long ago; None before anything was, empty where no sensor has a detector."""
        return self._latest if models_version() else {}

    def ask_again(self) -> bool:
        """Ask the detectors where it is time to, and return whether something else is known now.

        Raises
        ------
        FarolError
            They cannot be asked: the database is away, for one.
        """
        if not models_version() or not self._asking.acquire(blocking=False):
            return False
        try:
            with reading() as connection:
                version = f"{data_version(connection)} {models_version()}"
            age = time.monotonic() - self._asked_at
            if age < _SECONDS_BETWEEN or (age < _SECONDS_KEPT and version == self._version):
                return False
            before, self._latest = self._latest, _ask()
            self._version, self._asked_at = version, time.monotonic()
            return before != self._latest
        finally:
            self._asking.release()


@st.cache_resource(show_spinner=False)
def live_scores() -> LiveScores:
    """Return the one of this server."""
    return LiveScores()


def _ask() -> Scores:
    from src.dashboard.time_series.engine import shared_engine  # takes a while, and the first page is not to wait

    said = shared_engine().detect_all(train=False)
    return {sensor_id: _said(one) for sensor_id, one in said.items()}


def _said(one: dict[str, Any]) -> Said:
    return Said(one["anomaly_score"], one["is_ongoing"], one["sensor_fault"])
