"""The local workers: real processes, really killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError, Executor, wait
from contextlib import nullcontext
from pathlib import Path

import psutil
import pytest

from src.compute.executor import open_executor
from src.config import PROJECT_ROOT, Settings
from src.errors import InvalidTable, TaskFailed, WorkerDied
from tests.unit import executor_tasks as tasks

OTHERS: set[psutil.Process] = set()


@pytest.fixture(autouse=True)
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests may have left a process that is about to end."""
    monkeypatch.setattr(sys.modules[__name__], "OTHERS", set(psutil.Process().children(recursive=True)))


def processes_below(pid: int | None = None) -> set[psutil.Process]:
    return set(psutil.Process(pid).children(recursive=True)) - OTHERS


def until(condition, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def pid_in(file: Path) -> int:
    until(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def test_tasks_run_in_other_processes_as_many_as_asked(settings: Settings) -> None:
    with open_executor(workers=2) as executor:
        assert list(executor.map(tasks.after, [0.2] * 4, range(4))) == [0, 1, 2, 3]
        pids = {executor.submit(tasks.process_id).result() for _ in range(10)}
    assert os.getpid() not in pids
    assert len(pids) <= 2


def test_workers_come_from_the_settings(settings: Settings) -> None:
    with open_executor(settings.model_copy(update={"workers": 3})) as executor:
        wait([executor.submit(tasks.after, 0.3, None) for _ in range(9)])
        assert len(processes_below()) == 4  # three workers and what they are split off from


def test_numerical_libraries_have_one_thread_in_a_worker(settings: Settings) -> None:
    with open_executor(workers=1) as executor:
        assert executor.submit(tasks.blas_threads).result() == {1}


def test_modules_to_preload_are_there_when_a_worker_starts(settings: Settings) -> None:
    with open_executor(workers=1, preload=["colorsys", "no_such_module"]) as executor:
        assert "colorsys" in executor.submit(tasks.loaded_modules).result()
    with open_executor(workers=1) as executor:
        assert "colorsys" not in executor.submit(tasks.loaded_modules).result()


def test_a_module_that_ends_the_fork_server_is_a_named_error(settings: Settings, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "ends_the_process.py").write_text("import os; os._exit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    with (
        open_executor(workers=2, preload=["ends_the_process"]) as executor,
        pytest.raises(WorkerDied, match="cannot be started"),
    ):
        executor.submit(tasks.process_id).result(10)


def test_libraries_with_openmp_and_arrow_work_after_they_were_preloaded(settings: Settings) -> None:
    preload = ["lightgbm", "pandas", "pyarrow", "sklearn.ensemble", "tests.unit.executor_tasks"]
    with open_executor(workers=2, preload=preload) as executor:
        assert list(executor.map(tasks.fit_with_openmp, range(4), timeout=120)) == [300] * 4


def test_named_errors_arrive_as_they_are(settings: Settings) -> None:
    with open_executor(workers=1) as executor, pytest.raises(InvalidTable) as caught:
        executor.submit(tasks.refuse, 7).result()
    assert caught.value.values == {"row": 7}
    assert str(caught.value) == "Row 7 has too many cells."


def test_other_errors_keep_their_type_and_say_where_they_came_from(settings: Settings) -> None:
    with open_executor(workers=1) as executor, pytest.raises(ZeroDivisionError) as caught:
        executor.submit(divmod, 1, 0).result()
    assert "fork_server.py" in "".join(caught.value.__notes__)


def test_an_error_that_cannot_be_sent_becomes_one_that_can(settings: Settings) -> None:
    with open_executor(workers=1) as executor, pytest.raises(TaskFailed, match="CannotBeRebuilt: salt and pepper"):
        executor.submit(tasks.raise_what_cannot_be_sent).result()


def test_a_task_that_exits_has_failed_and_was_not_killed(settings: Settings) -> None:
    with open_executor(workers=1) as executor, pytest.raises(SystemExit, match="that is all"):
        executor.submit(tasks.leave).result()


def test_a_task_that_cannot_be_pickled_fails_alone(settings: Settings) -> None:
    with open_executor(workers=1) as executor:
        with pytest.raises(Exception, match="pickle"):
            executor.submit(lambda: 1).result()
        assert executor.submit(tasks.after, 0, "next").result() == "next"


def test_large_values_pass_in_both_directions(settings: Settings) -> None:
    value = os.urandom(20_000_000)
    with open_executor(workers=1) as executor:
        assert executor.submit(tasks.after, 0, value).result() == value


def test_a_task_whose_worker_is_killed_is_tried_once_more(settings: Settings, tmp_path: Path) -> None:
    with open_executor(workers=2) as executor:
        others = [executor.submit(tasks.after, 0.05, number) for number in range(8)]
        assert executor.submit(tasks.killed_the_first, 1, tmp_path / "deaths").result(10) == "survived"
        assert [other.result(10) for other in others] == list(range(8))


def test_a_task_that_kills_its_worker_twice_fails_and_the_others_go_on(settings: Settings, tmp_path: Path) -> None:
    with open_executor(workers=2) as executor:
        others = [executor.submit(tasks.after, 0.05, number) for number in range(8)]
        with pytest.raises(WorkerDied, match="memory ran out"):
            executor.submit(tasks.killed_the_first, 9, tmp_path / "deaths").result(10)
        assert [other.result(10) for other in others] == list(range(8))
        assert executor.submit(tasks.after, 0, "later").result(10) == "later"
    assert (tmp_path / "deaths").read_text() == "xx"


def test_a_crash_is_not_called_a_lack_of_memory(settings: Settings, tmp_path: Path) -> None:
    with open_executor(workers=1) as executor, pytest.raises(WorkerDied, match="SIGSEGV"):
        executor.submit(tasks.killed_the_first, 9, tmp_path / "deaths", signal.SIGSEGV).result(10)


def test_a_worker_killed_while_it_sends_its_result_harms_no_other(settings: Settings) -> None:
    with open_executor(workers=2) as executor:
        fatal = executor.submit(tasks.result_that_kills)
        others = [executor.submit(tasks.after, 0.1, number) for number in range(6)]
        assert [other.result(10) for other in others] == list(range(6))
        assert isinstance(fatal.exception(10), WorkerDied)


def test_an_idle_worker_that_is_killed_is_replaced(settings: Settings) -> None:
    with open_executor(workers=1) as executor:
        os.kill(executor.submit(tasks.process_id).result(), signal.SIGKILL)
        assert executor.submit(tasks.after, 0, "next").result(10) == "next"


def test_a_worker_that_died_idle_costs_the_next_task_no_attempt(settings: Settings, tmp_path: Path) -> None:
    with open_executor(workers=1) as executor:
        worker = psutil.Process(executor.submit(tasks.process_id).result())
        worker.kill()
        until(lambda: worker.status() == psutil.STATUS_ZOMBIE)
        assert executor.submit(tasks.killed_the_first, 1, tmp_path / "deaths").result(10) == "survived"


def test_work_goes_on_when_the_fork_server_is_killed(settings: Settings) -> None:
    with open_executor(workers=1) as executor:
        worker = psutil.Process(executor.submit(tasks.process_id).result())
        worker.parent().kill()
        worker.kill()
        assert executor.submit(tasks.after, 0, "next").result(10) == "next"
    assert not processes_below()


def test_a_queued_task_can_be_cancelled(settings: Settings, tmp_path: Path) -> None:
    with open_executor(workers=1) as executor:
        first = executor.submit(tasks.after, 0.3, "first")
        second = executor.submit(tasks.leave_a_mark, tmp_path / "mark", 0)
        assert second.cancel()
        assert first.result() == "first"
        assert wait([second], timeout=5).done
    assert not (tmp_path / "mark").exists()


def test_a_task_that_runs_can_be_cancelled_and_its_worker_is_free_again(settings: Settings, tmp_path: Path) -> None:
    with open_executor(workers=1) as executor:
        endless = executor.submit(tasks.leave_a_mark, tmp_path / "mark", 600)
        pid = pid_in(tmp_path / "mark")
        assert endless.cancel()
        assert executor.submit(tasks.after, 0, "next").result(5) == "next"
        assert not psutil.pid_exists(pid)
        with pytest.raises(CancelledError):
            endless.result(5)


def test_ctrl_c_is_not_for_the_workers_from_their_first_moment_on(settings: Settings) -> None:
    with open_executor(workers=1) as executor:
        future = executor.submit(tasks.after, 0.2, "done")
        while not future.done():
            for process in processes_below():
                process.send_signal(signal.SIGINT)
        assert future.result() == "done"


@pytest.mark.parametrize("reason", [None, ValueError, KeyboardInterrupt])
def test_nothing_runs_when_the_context_has_ended(settings: Settings, tmp_path: Path, reason) -> None:
    futures: list = []
    with pytest.raises(reason) if reason else nullcontext(), open_executor(workers=2) as executor:
        futures.append(executor.submit(tasks.leave_a_mark, tmp_path / "mark", 600))
        futures.extend(executor.submit(tasks.after, 600, None) for _ in range(3))
        pid_in(tmp_path / "mark")
        if reason:
            raise reason
    assert not processes_below()
    assert all(future.cancelled() for future in futures)


def test_the_context_ends_at_once_while_modules_are_still_being_imported(
    settings: Settings, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "slow_to_import.py").write_text("import time; time.sleep(60)")
    monkeypatch.syspath_prepend(tmp_path)
    with open_executor(workers=2, preload=["slow_to_import"]) as executor:
        executor.submit(tasks.process_id)
        until(processes_below)
        leaving = time.monotonic()
    assert time.monotonic() - leaving < 1
    assert not processes_below()


def test_shutdown_waits_for_what_was_submitted(settings: Settings) -> None:
    with open_executor(workers=1) as executor:
        futures = [executor.submit(tasks.after, 0.1, number) for number in range(3)]
        executor.shutdown()
        assert [future.result(0) for future in futures] == [0, 1, 2]
        assert not processes_below()
        with pytest.raises(RuntimeError):
            executor.submit(tasks.process_id)


def test_shutdown_without_waiting_leaves_nothing_behind(settings: Settings) -> None:
    with open_executor(workers=2) as executor:
        future = executor.submit(tasks.after, 0.2, "done")
        executor.shutdown(wait=False)
        assert future.result(5) == "done"
        until(lambda: not processes_below())


def test_shutdown_can_cancel_what_is_queued_while_what_runs_is_finished(settings: Settings, tmp_path: Path) -> None:
    with open_executor(workers=1) as executor:
        running = executor.submit(tasks.leave_a_mark, tmp_path / "mark", 0.3)
        queued = [executor.submit(tasks.after, 0, None) for _ in range(3)]
        pid_in(tmp_path / "mark")
        executor.shutdown(cancel_futures=True)
        assert running.exception(0) is None
        assert all(future.cancelled() for future in queued)


def test_a_task_whose_worker_is_killed_after_shutdown_is_tried_once_more_too(
    settings: Settings, tmp_path: Path
) -> None:
    with open_executor(workers=1) as executor:
        first = executor.submit(tasks.after, 0.3, None)
        killed = executor.submit(tasks.killed_the_first, 1, tmp_path / "deaths")
        executor.shutdown()
        assert first.done()
        assert killed.result(0) == "survived"


OWNER = """
import os, sys, time
print("imported", flush=True)
from src.compute.executor import open_executor
with open_executor(workers=2) as executor:
    print(executor.submit(os.getpid).result() != os.getpid(), flush=True)
    if "--forever" in sys.argv:
        list(executor.map(time.sleep, [0.3, 0.3]))  # two workers, of which one is idle then
        executor.submit(time.sleep, 600)
        time.sleep(600)
"""


def start_owner(tmp_path: Path, *arguments: str) -> subprocess.Popen:
    script = tmp_path / "owner.py"
    script.write_text(OWNER)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    command = [sys.executable, str(script), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_a_script_without_a_main_guard_is_not_imported_again(settings: Settings, tmp_path: Path) -> None:
    with start_owner(tmp_path) as owner:
        output, _ = owner.communicate(timeout=30)
    assert output.split() == ["imported", "True"]
    assert owner.returncode == 0


def test_workers_end_when_their_owner_is_killed(settings: Settings, tmp_path: Path) -> None:
    with start_owner(tmp_path, "--forever") as owner:
        assert [owner.stdout.readline().strip() for _ in range(2)] == ["imported", "True"]
        until(lambda: len(processes_below(owner.pid)) == 3)
        workers = processes_below(owner.pid)
        owner.kill()
        _, alive = psutil.wait_procs(workers, timeout=5)
    assert not alive


def test_the_executor_is_one_of_the_standard_library(settings: Settings) -> None:
    with open_executor(workers=1) as executor:
        assert isinstance(executor, Executor)
