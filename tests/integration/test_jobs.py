"""Jobs: real processes, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from src import jobs
from src.config import PROJECT_ROOT, Settings, get_settings
from src.database.engine import writing
from src.database.tables import jobs as jobs_table
from src.errors import FileNotWritten, InvalidJob, JobNotFound, NotJson
from src.jobs import Job, launch, queue
from src.jobs.kinds import KINDS
from src.jobs.processes import this_host
from src.logs import job_log_path
from src.notes import Note
from tests.integration import job_samples

WAIT_SECONDS = 30


@pytest.fixture
def sample_kinds(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kinds of job_samples.py, here and in the jobs' processes; what still runs at the end is ended."""
    monkeypatch.setattr(launch, "ENTRY_MODULE", job_samples.ENTRY_MODULE)
    for kind, function in job_samples.SAMPLES.items():
        monkeypatch.setitem(KINDS, kind, function)
    yield
    for job in queue.fetch_unfinished():
        queue.cancel(job.job_id)
    for job in queue.fetch_latest(100):
        for process in group_of(job) if job.process else ():
            process.kill()


pytestmark = pytest.mark.usefixtures("sample_kinds")
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])
"""For what does not depend on the database."""


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAROL_MAX_RUNNING_JOBS", "1")
    get_settings.cache_clear()


def until(condition: Callable[[], object], seconds: float = WAIT_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def when_finished(job: Job) -> Job:
    until(lambda: queue.fetch(job.job_id).is_finished)
    return queue.fetch(job.job_id)


def when_holding(job: Job) -> Job:
    until(lambda: queue.fetch(job.job_id).message == "holding")
    return queue.fetch(job.job_id)


def group_of(job: Job) -> list[psutil.Process]:
    """All processes of a job that live."""
    assert job.process is not None
    return [process for process in psutil.process_iter() if is_in_group(process, job.process.pid)]


def is_in_group(process: psutil.Process, group: int) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


def change_row(job: Job, **values: object) -> None:
    with writing() as connection:
        connection.execute(sa.update(jobs_table).where(jobs_table.c.job_id == job.job_id).values(values))


def run_python(code: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True)


def test_a_job_runs_and_its_result_is_kept() -> None:
    attachments = {"1.txt": b"one ", "2.txt": b"two"}
    job = jobs.submit(
        "add", {"numbers": [1, 2.5]}, title=Note("Adding {what}", {"what": "\0up"}), attachments=attachments
    )
    assert job.state in ("queued", "running")
    done = when_finished(job)
    assert (done.state, done.progress, done.error) == ("done", 1.0, None)
    assert done.result == {"sum": 3.5, "attached": "one two"}
    assert done.title == Note("Adding {what}", {"what": "\0up"})
    assert done.created_at <= done.started_at <= done.heartbeat_at <= done.finished_at


@on_sqlite
def test_the_process_of_a_job_is_detached_and_logs_to_its_own_file() -> None:
    job = when_holding(jobs.submit("hold", {}))
    process = psutil.Process(job.process.pid)
    assert os.getsid(process.pid) == os.getpgid(process.pid) == process.pid
    assert process.terminal() is None
    assert f"Job {job.job_id} begins" in jobs.read_log(job.job_id)
    assert not (get_settings().log_dir / "farol.log").exists()


@on_sqlite
def test_the_heartbeat_goes_on_while_the_job_reports_nothing() -> None:
    job = when_holding(jobs.submit("hold", {}))
    until(lambda: queue.fetch(job.job_id).heartbeat_at > job.heartbeat_at, seconds=5)


@on_sqlite
def test_a_named_error_fails_the_job_and_can_be_shown_in_another_language() -> None:
    job = when_finished(jobs.submit("refuse", {}))
    assert job.state == "failed"
    assert str(job.error) == "Row 7 of 'plant.csv' has too many cells."
    assert job.error.template == "Row {row} of {name!r} has too many cells."
    assert job.error.values == {"row": 7, "name": "plant.csv"}
    assert (job.result, job.progress, job.message) == ({"rows": 3}, 0.25, "reading")


@on_sqlite
def test_any_other_error_fails_the_job_and_its_traceback_is_in_the_log_only() -> None:
    job = when_finished(jobs.submit("stumble", {}))
    assert job.state == "failed"
    assert str(job.error) == "The job failed with ZeroDivisionError: nothing to divide by. Its log has the details."
    assert "Traceback" in jobs.read_log(job.job_id)


@on_sqlite
def test_a_job_that_exits_has_failed() -> None:
    job = when_finished(jobs.submit("leave", {}))
    assert (job.state, job.error.values) == ("failed", {"kind": "SystemExit", "reason": "that is all"})


def test_a_job_whose_process_is_killed_is_lost_at_once_and_keeps_what_it_had_reported() -> None:
    job = jobs.submit("die", {})
    until(lambda: jobs.get_job(job.job_id).is_finished, seconds=10)  # far less than a heartbeat needs to be stale
    lost = jobs.get_job(job.job_id)
    assert (lost.state, lost.result) == ("lost", {"rows": 4})
    assert "ended without a word" in str(lost.error)


def test_a_silent_job_on_another_host_is_lost_when_its_heartbeat_is_stale() -> None:
    job = when_holding(jobs.submit("hold", {}))
    os.kill(job.process.pid, signal.SIGSTOP)
    change_row(job, host="elsewhere", heartbeat_at=datetime.now(UTC) - timedelta(seconds=29))
    assert jobs.get_job(job.job_id).state == "running"
    change_row(job, heartbeat_at=datetime.now(UTC) - timedelta(seconds=31))
    lost = jobs.get_job(job.job_id)
    assert (lost.state, lost.error.values) == ("lost", {"seconds": 30.0})
    os.kill(job.process.pid, signal.SIGCONT)  # it comes back, sees that it was given up, and ends
    until(lambda: not group_of(job))
    assert jobs.get_job(job.job_id).state == "lost"


@on_sqlite
def test_all_that_are_silent_are_lost_at_one_look() -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    for job_id in ("a1", "a2", "a3"):
        queue.insert(job_id, "hold", Note("Holding"), {})
        change_row(queue.fetch(job_id), state="running", host="elsewhere", started_at=long_ago, heartbeat_at=long_ago)
    jobs.poll()
    assert [queue.fetch(job_id).state for job_id in ("a1", "a2", "a3")] == ["lost"] * 3


def test_the_last_of_many_reports_is_never_lost() -> None:
    failed = jobs.submit("chatter", {"reports": 3000})
    holding = jobs.submit("chatter", {"reports": 3000, "then": "hold"})
    assert when_finished(failed).result == {"number": 2999}
    assert queue.fetch(failed.job_id).message == "report 2999"
    until(lambda: queue.fetch(holding.job_id).result == {"number": 2999})


def test_cancel_ends_every_process_of_the_job_within_two_seconds_and_keeps_the_result() -> None:
    job = when_holding(jobs.submit("hold_on_to_everything", {}))
    assert len(group_of(job)) == 5  # the job, its program, two workers and what they were split off from
    os.kill(job.process.pid, signal.SIGSTOP)  # so that its heartbeat is no help
    started = time.monotonic()
    cancelled = jobs.cancel(job.job_id)
    assert time.monotonic() - started < 2
    assert not group_of(job)
    assert (cancelled.state, cancelled.progress) == ("cancelled", 0.3)
    assert cancelled.result["pids"][0] == job.process.pid
    assert jobs.cancel(job.job_id).state == "cancelled"


def test_a_queued_job_that_is_cancelled_never_starts(one_at_a_time: None, tmp_path: Path) -> None:
    first = when_holding(jobs.submit("hold", {}))
    second = jobs.submit("log_start", {"file": str(tmp_path / "starts"), "seconds": 0})
    assert second.state == "queued"
    assert jobs.cancel(second.job_id).state == "cancelled"
    (jobs.job_folder(first.job_id) / "go").touch()
    assert when_finished(first).state == "done"
    time.sleep(0.5)
    assert queue.fetch(second.job_id).started_at is None
    assert not (tmp_path / "starts").exists()


@on_sqlite
def test_a_job_cancelled_from_another_host_ends_itself() -> None:
    job = when_holding(jobs.submit("hold", {}))
    change_row(job, host="elsewhere")
    assert jobs.cancel(job.job_id).state == "cancelled"
    until(lambda: not group_of(job), seconds=5)
    assert queue.fetch(job.job_id).state == "cancelled"


def test_a_job_whose_row_is_gone_ends_itself() -> None:
    job = when_holding(jobs.submit("hold", {}))
    with writing() as connection:
        connection.execute(sa.delete(jobs_table))
    until(lambda: not group_of(job), seconds=5)


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_job_whose_heartbeat_fails_ends_itself() -> None:
    job = when_holding(jobs.submit("hold", {}))
    with writing() as connection:
        connection.execute(sa.text("ALTER TABLE jobs RENAME TO jobs_away"))
    until(lambda: not group_of(job), seconds=5)
    with writing() as connection:
        connection.execute(sa.text("ALTER TABLE jobs_away RENAME TO jobs"))
    assert "The heartbeat failed." in jobs.read_log(job.job_id)


def test_nothing_that_comes_after_cancel_changes_the_job() -> None:
    job = when_holding(jobs.submit("hold", {}))
    cancelled = jobs.cancel(job.job_id)
    assert not queue.beat(job.job_id, progress=0.9, message="late", result={"late": True})
    assert not queue.finish(job.job_id, "done", result={"late": True})
    assert queue.fetch(job.job_id) == cancelled


@on_sqlite
def test_a_finished_job_cannot_be_cancelled() -> None:
    job = when_finished(jobs.submit("add", {"numbers": []}))
    with pytest.raises(InvalidJob, match="it is done"):
        jobs.cancel(job.job_id)


@on_sqlite
def test_a_process_that_has_the_id_of_a_job_that_died_is_not_touched() -> None:
    job = when_finished(jobs.submit("add", {"numbers": []}))
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as stranger:
        change_row(job, state="running", pid=stranger.pid, pid_created=time.time() - 1000)
        assert jobs.cancel(job.job_id).state == "cancelled"
        assert stranger.poll() is None
        change_row(job, state="running")
        assert jobs.get_job(job.job_id).state == "lost"
        stranger.kill()


@on_sqlite
@pytest.mark.parametrize("end", ["exit", "kill"])
def test_a_job_outlives_the_process_that_submitted_it(end: str) -> None:
    code = (
        "import os, sys, time\n"
        "from src import jobs\n"
        "from src.jobs import launch, kinds\n"
        "from tests.integration import job_samples\n"
        "launch.ENTRY_MODULE = job_samples.ENTRY_MODULE\n"
        "kinds.KINDS.update(job_samples.SAMPLES)\n"
        "print(jobs.submit('hold', {}).job_id, flush=True)\n"
    )
    with run_python(code + ("" if end == "exit" else "os.kill(os.getpid(), 9)\n")) as submitter:
        job_id = submitter.communicate(timeout=WAIT_SECONDS)[0].strip()
    job = when_holding(queue.fetch(job_id))
    (jobs.job_folder(job_id) / "go").touch()
    assert when_finished(job).result == {"released": True}


def test_jobs_wait_for_a_place_and_the_one_that_ends_starts_the_next(one_at_a_time: None, tmp_path: Path) -> None:
    file = tmp_path / "starts"
    submitted = [jobs.submit("log_start", {"file": str(file), "seconds": 0.2}) for _ in range(3)]
    assert [queue.fetch(job.job_id).state for job in submitted[1:]] == ["queued", "queued"]
    finished = [when_finished(job) for job in submitted]  # by nothing but reading: no one polls
    assert [job.state for job in finished] == ["done"] * 3
    lines = [line.split() for line in file.read_text().splitlines()]
    assert [line[0] for line in lines] == [word for job in submitted for word in (job.job_id, "end")]


@on_sqlite
def test_a_place_that_is_free_is_filled_by_whoever_looks(one_at_a_time: None) -> None:
    first = when_holding(jobs.submit("hold", {}))
    second = jobs.submit("add", {"numbers": [1]})
    os.kill(first.process.pid, signal.SIGKILL)
    until(lambda: {job.state for job in jobs.list_jobs()} >= {"lost"})
    assert when_finished(second).state == "done"


RACER = """
import time
from pathlib import Path
from src.jobs import queue
start = Path({start!r})
count = queue._running
def count_slowly(connection):
    running = count(connection)
    time.sleep({pause})
    return running
queue._running = count_slowly
queue.fetch_unfinished()
print("ready", flush=True)
while not start.exists():
    time.sleep(0.001)
while (job := queue.claim_next({places}, "here")) is not None:
    print(job.job_id, flush=True)
"""


@pytest.mark.parametrize("places", [2, 100])
def test_exactly_one_of_several_processes_gets_a_queued_job(places: int, tmp_path: Path) -> None:
    waiting = [queue.insert(f"{number:04x}", "add", Note(""), {}).job_id for number in range(20)]
    start = tmp_path / "start"
    codes = [RACER.format(start=str(start), places=places, pause=pause) for pause in (0.01, 0.03, 0.05)]
    racers = [run_python(code) for code in codes]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    start.touch()
    claimed = [line for racer in racers for line in racer.communicate(timeout=60)[0].split()]
    assert sorted(claimed) == waiting[:places]
    assert [racer.returncode for racer in racers] == [0] * 3


def test_one_of_two_processes_that_were_started_for_a_job_runs_it(tmp_path: Path) -> None:
    queue.insert("ab", "log_start", Note(""), {"file": str(tmp_path / "starts"), "seconds": 1})
    assert queue.claim_next(1, this_host()).job_id == "ab"
    command = [sys.executable, "-m", job_samples.ENTRY_MODULE, "ab"]
    processes = [subprocess.Popen(command, cwd=PROJECT_ROOT, start_new_session=True) for _ in range(2)]
    assert [process.wait(WAIT_SECONDS) for process in processes] == [0, 0]
    assert [line.split()[0] for line in (tmp_path / "starts").read_text().splitlines()] == ["ab", "end"]


@on_sqlite
def test_retry_submits_a_copy_with_what_was_attached_and_nothing_else() -> None:
    job = when_finished(jobs.submit("add", {"numbers": [2, 3]}, title=Note("Adding"), attachments={"a.txt": b"a"}))
    again = when_finished(jobs.retry(job.job_id))
    assert again.job_id != job.job_id
    assert (again.title, again.parameters, again.result) == (job.title, job.parameters, {"sum": 5, "attached": "a"})


@on_sqlite
def test_a_job_that_runs_cannot_be_tried_again() -> None:
    job = when_holding(jobs.submit("hold", {}))
    with pytest.raises(InvalidJob, match="is running"):
        jobs.retry(job.job_id)


@on_sqlite
def test_a_job_cannot_be_tried_again_without_its_attachments() -> None:
    job = when_finished(jobs.submit("add", {"numbers": []}, attachments={"a.txt": b"a"}))
    (jobs.job_folder(job.job_id) / "a.txt").unlink()
    with pytest.raises(InvalidJob, match=r"a\.txt"):
        jobs.retry(job.job_id)


def test_what_cannot_be_submitted_is_refused_and_leaves_no_job() -> None:
    with pytest.raises(InvalidJob, match="'dance'"):
        jobs.submit("dance", {})
    with pytest.raises(NotJson, match="parameters"):
        jobs.submit("add", {"numbers": object()})
    for name in ("../evil", ".hidden", "a/b", "", "-x"):
        with pytest.raises(InvalidJob, match="attachment"):
            jobs.submit("add", {}, attachments={name: b""})
    assert jobs.list_jobs() == []


@pytest.mark.parametrize("job_id", ["ffff", "../../etc", "", "FFFF", "0" * 40, "a\0"])
def test_an_unknown_job_is_a_named_error(job_id: str) -> None:
    for look in (jobs.get_job, jobs.cancel, jobs.retry, jobs.read_log):
        with pytest.raises(JobNotFound):
            look(job_id)


@on_sqlite
def test_a_job_whose_files_cannot_be_written_is_refused_and_leaves_no_job() -> None:
    folder = get_settings().data_dir / "jobs"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("")  # in the way; permissions do not stop every user
    with pytest.raises(FileNotWritten, match="files of a job"):
        jobs.submit("add", {}, attachments={"a.txt": b"1"})
    assert jobs.list_jobs() == []


@on_sqlite
def test_a_job_whose_process_cannot_be_started_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch.sys, "executable", "/no/such/python")
    job = jobs.submit("add", {})
    assert job.state == "failed"
    assert "could not be started" in str(job.error)


@on_sqlite
def test_a_process_that_ends_before_the_job_begins_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "ENTRY_MODULE", "no_such_module")
    job = jobs.submit("add", {})
    until(lambda: jobs.get_job(job.job_id).state == "lost", seconds=10)
    assert "no_such_module" in job_log_path(get_settings(), job.job_id).read_text()


def test_the_list_is_newest_first_and_leaves_results_out() -> None:
    for job_id in ("aa", "bb"):
        change_row(queue.insert(job_id, "add", Note(""), {}), state="done", result={"of": job_id})
    assert [job.job_id for job in jobs.list_jobs()] == ["bb", "aa"]
    assert [(job.job_id, job.result) for job in jobs.list_jobs(limit=1)] == [("bb", None)]
    assert jobs.get_job("bb").result == {"of": "bb"}


def farol(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "src", "jobs", *arguments]
    return subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=60, check=False)


@on_sqlite
def test_the_command_line_lists_shows_cancels_and_prints_the_log() -> None:
    job = when_holding(jobs.submit("hold", {}, title=Note("[bold]Holding[/]")))
    listed = farol("list").stdout
    assert job.job_id in listed
    assert "[bold]Holding[/]" in listed
    assert json.loads(farol("show", job.job_id, "--result").stdout) == {"begun": True}
    cancelled = farol("cancel", job.job_id)
    assert (cancelled.returncode, "cancelled" in cancelled.stdout) == (0, True)
    assert not group_of(job)
    assert f"Job {job.job_id} begins" in farol("log", job.job_id).stdout


@on_sqlite
def test_the_command_line_says_why_a_job_failed_and_tries_it_again() -> None:
    job = when_finished(jobs.submit("refuse", {}))
    assert "Row 7 of 'plant.csv' has too many cells." in farol("show", job.job_id).stdout
    refused = farol("retry", job.job_id)  # here the process knows only the real kinds
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "'refuse'" in refused.stderr


@on_sqlite
def test_the_command_line_needs_no_database_that_is_there(settings: Settings) -> None:
    assert farol("list").stdout == "There are no jobs yet.\n"
    missing = farol("show", "ffff")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "There is no job 'ffff'" in missing.stderr


def kill(job_id: str) -> None:
    process = queue.fetch(job_id).process
    assert process is not None
    os.killpg(process.pid, signal.SIGKILL)
    until(lambda: jobs.get_job(job_id).is_finished)


@on_sqlite
@pytest.mark.parametrize(("end", "state"), [(jobs.cancel, "cancelled"), (kill, "lost")])
def test_what_was_half_written_is_gone_with_the_process(end: Callable[[str], object], state: str) -> None:
    job = when_holding(jobs.submit("half_write", {}, attachments={"in.csv": b"whole"}))
    folder = jobs.job_folder(job.job_id)
    assert len(list(folder.glob(".*.tmp"))) == 1
    end(job.job_id)
    assert jobs.get_job(job.job_id).state == state
    assert sorted(file.name for file in folder.iterdir()) == [".attachments.json", "in.csv"]
