"""A real server of the API: its own process, port and folders, asked over real HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.config import PROJECT_ROOT

START_SECONDS = 120


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body as what it means."""
        return json.loads(self.text)


@dataclass(frozen=True)
class ApiServer:
    """A server that runs."""

    url: str
    log: Path

    def ask(self, path: str, body: Any = None, *, key: str = "", **headers: str) -> Answer:
        """Send a GET, or a POST with a body as JSON."""
        data = None if body is None else json.dumps(body).encode()
        headers |= {"Content-Type": "application/json"} if data else {}
        headers |= {"Authorization": f"Bearer {key}"} if key else {}
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())


def environment_of(folder: Path) -> dict[str, str]:
    """Return the environment for a process that works below a folder, whoever runs the tests."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FAROL_")}
    folders = {f"FAROL_{name}_DIR": str(folder / name.lower()) for name in ("MODELS", "DATA", "LOG")}
    return inherited | folders | {"FAROL_DATABASE_URL": f"sqlite:///{folder / 'data' / 'farol.db'}", "NO_COLOR": "1"}


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m src …` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "src", *arguments],
        cwd=PROJECT_ROOT,
        env=environment_of(folder),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_api(folder: Path, *, host: str = "127.0.0.1") -> Iterator[ApiServer]:
    """Serve the API from a folder of its own until the block ends; then it has to end by itself, and in peace."""
    port, log = free_port(), folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "src", "api", "--host", host, "--port", str(port)],
            cwd=PROJECT_ROOT,
            env=environment_of(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = ApiServer(f"http://127.0.0.1:{port}", log)
    try:
        _wait_until_up(server, process)
        yield server
        process.terminate()
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait(timeout=5)
    assert "Traceback" not in log.read_text(), log.read_text()


def _wait_until_up(server: ApiServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, server.log.read_text()
        try:
            if server.ask("/health").status == 200:
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"The API is not up after {START_SECONDS} s:\n{server.log.read_text()}")
