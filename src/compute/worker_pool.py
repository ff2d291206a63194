"""Worker processes on this machine, behind the interface of `concurrent.futures`."""

from __future__ import annotations

import contextlib
import json
import logging
import multiprocessing
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from src.compute import fork_server
from src.errors import WorkerDied

logger = logging.getLogger(__name__)

_ATTEMPTS = 2
_STOP_SECONDS = 2.0


@dataclass(eq=False)
class _Task:
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    future: Future[Any] = field(default_factory=Future)
    deaths: int = 0
    settled: bool = False

    def settle(self, succeeded: bool, outcome: Any) -> None:
        if self.settled:
            return
        self.settled = True
        # Only now, so that until here `cancel` works: on a task that runs, too.
        if not self.future.set_running_or_notify_cancel():
            return
        if succeeded:
            self.future.set_result(outcome)
        else:
            self.future.set_exception(outcome)


@dataclass(eq=False)
class _Worker:
    pid: int
    connection: Connection
    task: _Task | None = None
    ended: bool = False

    def end(self) -> None:
        # The fork server waits for a dead worker only when it is asked to replace it: the id is still this worker's.
        self.ended = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def ask(self, task: _Task) -> tuple[bool, Any] | None:
        """What came of the task; None when the worker died."""
        try:
            message = pickle.dumps((task.function, task.arguments, task.keywords), protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            return False, error
        try:
            self.connection.send_bytes(message)
            del message
            answer = self.connection.recv_bytes()
        except (EOFError, OSError):
            return None
        try:
            return pickle.loads(answer)
        except Exception as error:  # noqa: BLE001 - as above
            return False, error


class WorkerPool(Executor):
    """Single-threaded worker processes that are replaced when they die.

    Each thread here has one worker there and a connection of its own to it, so that no worker harms another, at
    whatever moment it is killed. The task of a worker that died goes to the end of the queue and is tried once more;
    then it fails with `WorkerDied`. ``Future.cancel`` works on a task that runs, too: its worker is replaced.

    Parameters
    ----------
    workers : int
        Processes that work at once.
    preload : sequence of str
        Modules to import before workers are split off. They must not start threads when they are imported.

    Notes
    -----
    A task is a function that can be imported by its module's name: the script that runs is not imported again.
    """

    def __init__(self, workers: int, preload: Sequence[str] = ()) -> None:
        self._tasks: deque[_Task] = deque()
        self._workers: set[_Worker] = set()
        self._state = threading.Condition()
        self._closed = False
        self._stopping = False
        self._threads_left = workers
        self._server = _ForkServer(preload)
        self._threads = [
            threading.Thread(target=self._serve, name=f"worker-{number}", daemon=True) for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        task = _Task(fn, args, kwargs)
        with self._state:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")  # the interface asks for this one
            self._tasks.append(task)
            self._state.notify()
        return task.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._state:
            self._closed = True
            queued = list(self._tasks) if cancel_futures else []
            self._state.notify_all()
        for task in queued:
            task.future.cancel()
        if wait:
            self._join()

    def stop(self) -> None:
        """Cancel what is queued and what runs. When this returns, no process is left."""
        with self._state:
            self._closed = self._stopping = True
            workers = list(self._workers)
            unfinished = [*self._tasks, *(worker.task for worker in workers if worker.task)]
            self._state.notify_all()
        for task in unfinished:
            task.future.cancel()
        for worker in workers:
            worker.end()
        self._server.stop()
        self._join()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        """Give tasks to one worker, and to its successors, until there are no more."""
        worker: _Worker | None = None
        while (task := self._next_task()) is not None:
            if task.future.cancelled():
                task.settle(False, None)
                continue
            try:
                worker = self._work_on(task, worker or self._new_worker())
            except WorkerDied as error:
                worker = None
                if self._stopping:
                    task.future.cancel()
                task.settle(False, error)
        self._leave(worker)

    def _next_task(self) -> _Task | None:
        with self._state:
            while not self._tasks and not self._closed:
                self._state.wait()
            return self._tasks.popleft() if self._tasks else None

    def _work_on(self, task: _Task, worker: _Worker) -> _Worker:
        """Have one task done; the worker for the next one comes back."""
        with self._state:
            worker.task = task
        task.future.add_done_callback(partial(self._end_if_cancelled, worker, task))
        outcome = worker.ask(task)
        with self._state:
            worker.task = None
        if outcome is not None:
            task.settle(*outcome)
            return self._replaced(worker)[0] if worker.ended else worker
        successor, ended_by = self._replaced(worker)
        self._try_again(task, ended_by)
        return successor

    def _end_if_cancelled(self, worker: _Worker, task: _Task, future: Future[Any]) -> None:
        with self._state:
            if future.cancelled() and worker.task is task:
                worker.end()

    def _try_again(self, task: _Task, ended_by: int) -> None:
        task.deaths += 1
        if task.future.cancelled() or task.deaths == _ATTEMPTS:
            task.settle(False, _why_it_died(ended_by))
            return
        logger.warning("A worker died (signal %d); its task is tried once more.", ended_by)
        with self._state:  # at the end: when memory was short, the others may be done by then
            self._tasks.append(task)
            self._state.notify()

    def _new_worker(self) -> _Worker:
        worker, _ = self._server.start_worker()
        with self._state:
            self._workers.add(worker)
        return worker

    def _replaced(self, dead: _Worker) -> tuple[_Worker, int]:
        """The successor of a worker, and the number of the signal that ended it."""
        dead.connection.close()
        with self._state:
            self._workers.discard(dead)
        worker, ended_by = self._server.start_worker(in_place_of=dead.pid)
        with self._state:
            self._workers.add(worker)
        return worker, ended_by

    def _leave(self, worker: _Worker | None) -> None:
        if worker is not None:
            worker.connection.close()
        with self._state:
            self._threads_left -= 1
            last = self._threads_left == 0
        if last:
            self._server.stop()


def _why_it_died(ended_by: int) -> WorkerDied:
    if ended_by in (signal.SIGKILL, 0):
        return WorkerDied(
            "The worker process for this task was killed twice, most likely because the memory ran out. Use fewer "
            "rows or columns, set FAROL_WORKERS to a smaller number, or run it where there is more memory."
        )
    return WorkerDied(
        "The worker process for this task crashed twice ({signal}): a library failed on this data. Leave this task "
        "out, or try it with other columns. The log has the details.",
        signal=signal.Signals(ended_by).name,
    )


class _ForkServer:
    """The handle of the process that `fork_server` describes. One that dies at work is started anew."""

    def __init__(self, preload: Sequence[str]) -> None:
        self._options = json.dumps({"search_path": sys.path, "preload": list(preload)})
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._start()

    def _start(self) -> None:
        self._served = False
        self._control, theirs = socket.socketpair()
        with theirs:
            # -P: the script's own folder is not searched for modules.
            command = [sys.executable, "-P", fork_server.__file__, str(theirs.fileno()), self._options]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])

    def start_worker(self, in_place_of: int = 0) -> tuple[_Worker, int]:
        """Split off a worker.

        Parameters
        ----------
        in_place_of : int
            Process id of a dead worker; 0 for none.

        Returns
        -------
        tuple
            The worker, and the number of the signal that ended the dead one.

        Raises
        ------
        WorkerDied
            The fork server was stopped, or does not survive its imports.
        """
        with self._lock:
            try:
                return self._ask(in_place_of)
            except OSError as error:
                if self._stopped.is_set() or not self._served:
                    raise _cannot_start() from error
            logger.warning("The process that starts the workers has died; a new one takes its place.")
            self._end()
            self._start()
            try:
                return self._ask(0)
            except OSError as error:
                raise _cannot_start() from error

    def _ask(self, in_place_of: int) -> tuple[_Worker, int]:
        ours, theirs = multiprocessing.Pipe()
        try:
            with theirs:
                socket.send_fds(self._control, [fork_server.REQUEST.pack(in_place_of)], [theirs.fileno()])
                reply = self._control.recv(fork_server.REPLY.size, socket.MSG_WAITALL)
            if len(reply) < fork_server.REPLY.size:
                raise ConnectionResetError("the fork server is gone")
        except OSError:
            ours.close()
            raise
        self._served = True
        pid, ended_by = fork_server.REPLY.unpack(reply)
        return _Worker(pid, ours), ended_by

    def stop(self) -> None:
        """End the server, and with it its workers. Calling it again does nothing."""
        self._stopped.set()
        with contextlib.suppress(OSError):  # wakes a thread that waits for a reply with the lock in its hand
            self._control.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._end()

    def _end(self) -> None:
        self._control.close()
        if not self._served:  # still importing: it has no workers that it would have to end first
            self._process.kill()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _cannot_start() -> WorkerDied:
    return WorkerDied("The worker processes cannot be started, or were stopped. The log says why.")
