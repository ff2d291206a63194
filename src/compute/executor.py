"""Where heavy work runs: worker processes on this machine, or a Dask cluster. Both look the same to who submits it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager

from src.compute.worker_pool import WorkerPool
from src.config import Settings, get_settings
from src.errors import ClusterUnavailable

logger = logging.getLogger(__name__)

_CONNECT_SECONDS = 5


@contextmanager
def open_executor(
    settings: Settings | None = None, *, workers: int | None = None, preload: Sequence[str] = ()
) -> Iterator[Executor]:
    """Give an executor for as long as the context lasts.

    Without a Dask scheduler in the settings it has single-threaded processes of its own: see `WorkerPool` for what
    happens when one dies. With one, tasks go to the cluster, whose workers must have this version of Farol.

    When the context ends, for whatever reason, what is not finished is cancelled and no process is left behind.
    ``Future.cancel`` works on tasks that run, too.

    Parameters
    ----------
    settings : Settings, optional
        Those of the process when left out.
    workers : int, optional
        Local processes; by setting when left out. Of no effect on a cluster.
    preload : sequence of str
        Modules that the tasks need, imported once for all local workers.

    Yields
    ------
    concurrent.futures.Executor

    Raises
    ------
    ClusterUnavailable
        No scheduler answers at the address in the settings.

    Examples
    --------
    >>> with open_executor(workers=2) as executor:  # doctest: +SKIP
    ...     executor.submit(math.sqrt, 16.0).result()
    4.0
    """
    settings = settings or get_settings()
    if settings.dask_scheduler:
        with _cluster(settings.dask_scheduler) as executor:
            yield executor
        return
    pool = WorkerPool(workers or settings.workers, preload)
    try:
        yield pool
    finally:
        pool.stop()


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    from distributed import Client

    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterUnavailable(
            "FAROL_DASK_SCHEDULER is {address}, and no Dask scheduler answers there ({reason}). Start it, correct the "
            "address, or remove the setting to work with this machine's processes.",
            address=address,
            reason=str(error) or type(error).__name__,
        ) from error
    try:
        if not client.scheduler_info()["workers"]:
            logger.warning("The Dask scheduler at %s has no workers yet: tasks wait until it has.", address)
        yield client.get_executor(pure=False)
    finally:
        client.close()  # the scheduler drops what no client waits for
