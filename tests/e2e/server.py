"""A real dashboard for the browser tests: its own process, port and folders."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from src.config import PROJECT_ROOT
from src.database.engine import engine_for
from src.database.migrate import upgrade_database
from src.sensors.demo_plant import load_demo_plant

START_SECONDS = 60
_ALIASES = ("MODELS_DIR", "DATA_DIR", "LOG_DIR", "ML_RESULTS_PATH", "ENABLE_ML_PROCESSING", "ENABLE_EXTERNAL_APIS")


@dataclass
class Server:
    """A dashboard that runs, until it is ended; it can be started again on the same data and the same address.

    Attributes
    ----------
    url : str
        Its address, without a slash at the end.
    folder : Path
        Where its data, models and logs folders are.
    log : Path
        All that it and its children wrote to their standard output and error.
    environment : dict
        What a command line needs to work on the same data.
    script : str
        What Streamlit runs.
    process : Popen, optional
        The last one that was started.
    """

    url: str
    folder: Path
    log: Path
    environment: dict[str, str]
    script: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start serving, and wait until it is healthy."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                _streamlit(self.script, self.url),
                cwd=PROJECT_ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _wait_until_healthy(self.process, self)

    def kill(self) -> None:
        """Kill the server's process alone: what it has started goes on."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=5)

    def run(self, *arguments: str) -> str:
        """Run `python -m src …` on the same data and return what it prints."""
        return _command(self.environment, "src", *arguments)

    def complaints(self, since: int = 0) -> str:
        """Return the log from the first traceback behind a position, or nothing."""
        text = self.log.read_bytes()[since:].decode(errors="replace")
        return text[text.index("Traceback") :] if "Traceback" in text else ""


@contextmanager
def running_server(
    folder: Path, *, days: int, script: str = "main_dash.py", settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Serve the dashboard from a folder of its own until the block ends.

    Parameters
    ----------
    folder : Path
        An empty folder.
    days : int
        Days of the demo plant; 0 leaves the database empty.
    script : str
        What Streamlit runs.
    settings : dict, optional
        Settings beside the folders, by the names of their environment variables.
    """
    environment = _environment(folder) | dict(settings or {})
    if days:
        _load_plant(environment["FAROL_DATABASE_URL"], days)
    server = Server(f"http://127.0.0.1:{_free_port()}", folder, folder / "server.log", environment, script)
    try:
        server.start()
        yield server
    finally:
        _end(server)


def _environment(folder: Path) -> dict[str, str]:
    """The environment without any setting of the person who runs the tests, but with our folders."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FAROL_")}
    for alias in _ALIASES:
        inherited.pop(alias, None)
    return inherited | {
        "FAROL_DATABASE_URL": f"sqlite:///{folder / 'data' / 'farol.db'}",
        "FAROL_DATA_DIR": str(folder / "data"),
        "FAROL_MODELS_DIR": str(folder / "models"),
        "FAROL_LOG_DIR": str(folder / "logs"),
        "FAROL_LANGUAGE": "auto",
        "FAROL_WORKERS": "2",
        "NO_COLOR": "1",  # the log is searched and shown as text
    }


def _load_plant(url: str, days: int) -> None:
    """Here, because a process of its own would import for longer than it loads."""
    engine = engine_for(url)
    upgrade_database(engine)
    load_demo_plant(days=days, engine=engine)
    engine.dispose()


def _command(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _streamlit(script: str, url: str) -> list[str]:
    host, port = url.removeprefix("http://").split(":")
    options = {"address": host, "port": port, "headless": "true"}
    return [
        *(sys.executable, "-m", "streamlit", "run", script),
        *(f"--server.{name}={value}" for name, value in options.items()),
    ]


def _wait_until_healthy(process: subprocess.Popen[bytes], server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"The server ended at once:\n{server.log.read_text()}"
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"The server is not healthy after {START_SECONDS} s:\n{server.log.read_text()}")


def _end(server: Server) -> None:
    """End the server and all that it started, jobs that have left its process tree included."""
    assert server.process is not None
    ours = {process.pid: process for process in started_for(server.folder)}
    with contextlib.suppress(psutil.NoSuchProcess):  # a test may have killed it
        ours[server.process.pid] = psutil.Process(server.process.pid)
    for process in list(ours.values()):
        ours |= {child.pid: child for child in _children(process)}
    for process in ours.values():
        _signal(process, "terminate")
    _, alive = psutil.wait_procs(list(ours.values()), timeout=5)
    for process in alive:
        _signal(process, "kill")
    psutil.wait_procs(alive, timeout=5)
    server.process.wait(timeout=5)


def started_for(folder: Path) -> list[psutil.Process]:
    """The processes whose data folder is ours: a job runs on when its server has gone."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("FAROL_DATA_DIR") == str(folder / "data"):
                found.append(process)
        except psutil.Error:
            continue
    return found


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(process: psutil.Process, name: str) -> None:
    try:
        getattr(process, name)()
    except psutil.NoSuchProcess:
        return
