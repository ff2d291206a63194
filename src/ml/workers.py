"""The workers of a comparison. Open them first: they import what they need while the table is read."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import AbstractContextManager

from src.compute.executor import open_executor


def open_workers(count: int | None = None) -> AbstractContextManager[Executor]:
    """Open an executor whose workers have all that fitting a candidate takes.

    Parameters
    ----------
    count : int, optional
        Local processes; by setting when left out. Of no effect on a cluster.
    """
    return open_executor(workers=count, preload=("src.ml.candidate_fitting", "src.ml.worker_imports"))
