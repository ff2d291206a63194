"""Kinds of job for test_jobs.py, and the entry of their processes: the real one, which knows these kinds too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

from src.compute.executor import open_executor
from src.errors import InvalidTable
from src.jobs import JobContext, launch, worker
from src.jobs.kinds import KINDS
from src.storage.atomic import replacing
from tests.unit.executor_tasks import after

ENTRY_MODULE = "tests.integration.job_samples"
SAMPLES = {
    name: f"{ENTRY_MODULE}:{name}"
    for name in (
        "add",
        "refuse",
        "stumble",
        "leave",
        "die",
        "hold",
        "hold_on_to_everything",
        "chatter",
        "log_start",
        "half_write",
    )
}


def add(parameters: dict[str, Any], job: JobContext) -> dict[str, Any]:
    content = b"".join(path.read_bytes() for path in sorted(job.folder.glob("*.txt")))
    (job.folder / "made_by_the_job.txt").write_text("not an attachment")
    job.report(0.5, "adding", {"sum": float("nan")})
    return {"sum": sum(parameters["numbers"]), "attached": content.decode()}


def refuse(parameters: dict[str, Any], job: JobContext) -> None:
    job.report(0.25, "reading", {"rows": 3})
    raise InvalidTable("Row {row} of {name!r} has too many cells.", row=7, name="plant.csv")


def stumble(parameters: dict[str, Any], job: JobContext) -> None:
    raise ZeroDivisionError("nothing to divide by")


def leave(parameters: dict[str, Any], job: JobContext) -> None:
    sys.exit("that is all")


def die(parameters: dict[str, Any], job: JobContext) -> None:
    job.report(0.75, "about to die", {"rows": 4})
    os.kill(os.getpid(), signal.SIGKILL)


def hold(parameters: dict[str, Any], job: JobContext) -> dict[str, Any]:
    """Run until a file appears in the job's folder."""
    job.report(0.1, "holding", {"begun": True})
    while not (job.folder / "go").exists():
        time.sleep(0.02)
    return {"released": True}


def half_write(parameters: dict[str, Any], job: JobContext) -> None:
    """Begin a file, and never come to its end."""
    with replacing(job.folder / "out.csv") as file:
        file.write(b"half of")
        file.flush()
        job.report(0.1, "holding", {"begun": True})
        time.sleep(600)


def hold_on_to_everything(parameters: dict[str, Any], job: JobContext) -> None:
    """Take no notice of SIGTERM, in a pool's workers and in a program that was started."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    program = subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"]
    )
    with open_executor(workers=2) as executor:
        futures = [executor.submit(after, 600, None) for _ in range(2)]
        executor.submit(time.sleep, 600)
        time.sleep(0.5)
        job.report(0.3, "holding", {"pids": [os.getpid(), program.pid], "futures": len(futures)})
        time.sleep(600)


def chatter(parameters: dict[str, Any], job: JobContext) -> None:
    """Report much faster than anyone reads, then stop in the middle."""
    for number in range(parameters["reports"]):
        job.report(number / parameters["reports"], f"report {number}", {"number": number})
    if parameters.get("then") == "hold":
        time.sleep(600)
    raise ValueError("enough")


def log_start(parameters: dict[str, Any], job: JobContext) -> dict[str, Any]:
    """Leave a line in a file each time that this runs."""
    with open(parameters["file"], "a") as file:  # noqa: PTH123 - the append is one write
        file.write(f"{job.job_id} {time.time()}\n")
    time.sleep(parameters["seconds"])
    with open(parameters["file"], "a") as file:  # noqa: PTH123
        file.write(f"end {time.time()}\n")
    return {}


if __name__ == "__main__":
    KINDS.update(SAMPLES)
    launch.ENTRY_MODULE = ENTRY_MODULE
    worker.main(sys.argv[1])
