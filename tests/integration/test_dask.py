"""The executor on a real Dask cluster: a scheduler and two workers on loopback, each a process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import wait
from pathlib import Path

import pytest

from src.compute.executor import open_executor
from src.config import PROJECT_ROOT, Settings, get_settings
from src.errors import ClusterUnavailable, InvalidTable
from tests.unit import executor_tasks as tasks

STARTING_SECONDS = 60


def start(module: str, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
    return subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Cluster:
    """A scheduler and its workers; those that were killed can be replaced."""

    def __init__(self, folder: Path) -> None:
        file = folder / "scheduler.json"
        self.folder = folder
        self.processes = [start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))]
        self.file = file
        for _ in range(2):
            self.add_worker()

    def add_worker(self) -> None:
        number = str(len(self.processes))
        options = ["--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--name", number, "--death-timeout", "60"]
        local = ["--local-directory", str(self.folder / number)]
        self.processes.append(start("dask_worker", "--scheduler-file", str(self.file), *options, *local))

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("dask"))
    yield cluster
    cluster.stop()


@pytest.fixture
def on_cluster(cluster: Cluster, settings: Settings) -> Settings:
    """Settings that name the scheduler, once both workers are there."""
    import json

    until = time.monotonic() + STARTING_SECONDS
    while not cluster.file.exists():
        assert time.monotonic() < until, "the scheduler does not start"
        time.sleep(0.05)
    settings = settings.model_copy(update={"dask_scheduler": json.loads(cluster.file.read_text())["address"]})
    from distributed import Client

    with Client(settings.dask_scheduler, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=STARTING_SECONDS)
    return settings


def test_tasks_run_on_the_workers_of_the_cluster(cluster: Cluster, on_cluster: Settings) -> None:
    with open_executor(on_cluster) as executor:
        futures = [executor.submit(tasks.after, 0.1, number) for number in range(6)]
        pids = {executor.submit(tasks.process_id).result(30) for _ in range(4)}
        assert [future.result(30) for future in futures] == list(range(6))
    assert pids <= {process.pid for process in cluster.processes[1:]}


def test_the_same_call_twice_is_run_twice(on_cluster: Settings, tmp_path: Path) -> None:
    with open_executor(on_cluster) as executor:
        wait([executor.submit(tasks.killed_the_first, 0, tmp_path / "calls") for _ in range(2)], timeout=30)
    assert (tmp_path / "calls").read_text() == "xx"


def test_named_errors_arrive_as_they_are(on_cluster: Settings) -> None:
    with open_executor(on_cluster) as executor, pytest.raises(InvalidTable) as caught:
        executor.submit(tasks.refuse, 7).result(30)
    assert caught.value.values == {"row": 7}


def test_what_is_not_finished_when_the_context_ends_never_starts(on_cluster: Settings, tmp_path: Path) -> None:
    marks = [tmp_path / str(number) for number in range(6)]
    with open_executor(on_cluster) as executor:
        futures = [executor.submit(tasks.leave_a_mark, mark, 1) for mark in marks]
        while not any(mark.exists() for mark in marks):
            time.sleep(0.02)
    with open_executor(on_cluster) as executor:
        executor.submit(tasks.process_id).result(30)  # a worker is free again
    assert len([mark for mark in marks if mark.exists()]) <= 2
    assert all(future.cancelled() for future in futures)


def test_nothing_more_starts_when_the_process_that_submitted_is_killed(on_cluster: Settings, tmp_path: Path) -> None:
    marks = [tmp_path / str(number) for number in range(6)]
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from src.compute.executor import open_executor\n"
        "from tests.unit.executor_tasks import leave_a_mark\n"
        "with open_executor() as executor:\n"
        "    futures = [executor.submit(leave_a_mark, Path(mark), 1) for mark in sys.argv[1:]]\n"
        "    time.sleep(600)\n"
    )
    environment = {**os.environ, "FAROL_DASK_SCHEDULER": on_cluster.dask_scheduler}
    with subprocess.Popen([sys.executable, "-c", code, *map(str, marks)], cwd=PROJECT_ROOT, env=environment) as killed:
        while not any(mark.exists() for mark in marks):
            time.sleep(0.02)
        killed.kill()
    with open_executor(on_cluster) as executor:
        executor.submit(tasks.process_id).result(30)  # a worker is free again
    assert len([mark for mark in marks if mark.exists()]) <= 2


def test_a_small_comparison_runs_on_the_cluster(on_cluster: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np
    import pandas as pd

    from src.ml.model_comparison import compare_models

    features = pd.DataFrame(np.random.default_rng(5).normal(size=(200, 3)), columns=["lux", "heat", "shake"])
    table = features.assign(state=np.where(features["lux"] + features["heat"] > 0, "normal", "warning"))
    monkeypatch.setenv("FAROL_DASK_SCHEDULER", on_cluster.dask_scheduler)
    get_settings.cache_clear()
    there = compare_models(table, "state", include=["lr", "nb"], fold=3)
    with open_executor(on_cluster.model_copy(update={"dask_scheduler": None}), workers=1) as local:
        here = compare_models(table, "state", include=["lr", "nb"], fold=3, executor=local)
    assert [result.metrics for result in there.ranked] == [result.metrics for result in here.ranked]
    assert len(there.finalists) == 2


def test_the_task_of_a_killed_worker_is_done_by_another(cluster: Cluster, on_cluster: Settings, tmp_path: Path) -> None:
    with open_executor(on_cluster) as executor:
        assert executor.submit(tasks.killed_the_first, 1, tmp_path / "deaths").result(30) == "survived"
    assert (tmp_path / "deaths").read_text() == "xx"
    cluster.add_worker()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{free}", "nonsense://x"])
def test_a_scheduler_out_of_reach_is_a_named_error_within_seconds(settings: Settings, address: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = address.format(free=nobody.getsockname()[1])
        started = time.monotonic()
        with (
            pytest.raises(ClusterUnavailable) as caught,
            open_executor(settings.model_copy(update={"dask_scheduler": address})),
        ):
            pass
    assert time.monotonic() - started < 10
    assert f"FAROL_DASK_SCHEDULER is {address}" in str(caught.value)


def test_without_a_scheduler_in_the_settings_dask_is_not_imported(settings: Settings) -> None:
    code = (
        "import sys\n"
        "from src.compute.executor import open_executor\n"
        "with open_executor(workers=1) as executor: executor.submit(abs, -1).result()\n"
        "print([name for name in ('dask', 'distributed', 'numpy') if name in sys.modules])\n"
    )
    environment = {**os.environ, "FAROL_DASK_SCHEDULER": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr
