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
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from src.compute import fork_server
from src.errors import WorkerDied

logger = logging.getLogger(__name__)

_ATTEMPTS = 2
_STOP_SECONDS = 2.0


@dataclass(eq=False)
class _Worker:
    pid: int
    connection: Connection
    ended: bool = False

    def end(self) -> None:
        # The fork server waits for a worker only when it is asked to bury it: until then the id is this worker's.
        self.ended = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def ask(self, task: tuple[Any, ...]) -> tuple[bool, Any] | None:
        """What came of the task; None when the worker died."""
        try:
            message = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            return False, error
        try:
            self.connection.send_bytes(message)
            del message
            answer = self.connection.recv_bytes()
        except (EOFError, OSError, MemoryError):  # the last leaves half an answer in the pipe
            return None
        try:
            return pickle.loads(answer)
        except Exception as error:  # noqa: BLE001 - as above
            return False, error


class WorkerPool(Executor):
    """Single-threaded worker processes that are replaced when they die.

    Each worker has a connection of its own and one thread at a time that uses it, so that no worker harms another, at
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
        self._lock = threading.Lock()
        self._unfinished: dict[Future[Any], _Worker | None] = {}  # with the worker that is at it
        self._idle: list[_Worker] = []
        self._server = _ForkServer(preload)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="worker")

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a worker call a function, and return what will have its outcome; see `concurrent.futures.Executor`."""
        future: Future[Any] = Future()
        with self._lock:
            self._threads.submit(self._work_on, future, (fn, args, kwargs))
            self._unfinished[future] = None
        future.add_done_callback(self._forget)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks, and let the workers go once the last one is done.

        Parameters
        ----------
        wait : bool
            Whether to return only then.
        cancel_futures : bool
            Whether to cancel the tasks that no worker has begun.
        """
        self._threads.shutdown(wait=False)
        if cancel_futures:
            with self._lock:
                queued = [future for future, worker in self._unfinished.items() if worker is None]
            for future in queued:
                future.cancel()
        leaving = threading.Thread(target=self._leave)
        leaving.start()
        if wait:
            leaving.join()

    def stop(self) -> None:
        """Cancel what is queued and what runs. When this returns, no process is left."""
        self._threads.shutdown(wait=False)
        with self._lock:
            unfinished = list(self._unfinished)
        for future in unfinished:
            future.cancel()
        self._server.stop()
        self._leave()

    def _leave(self) -> None:
        self._threads.shutdown()
        self._server.stop()
        while self._idle:
            self._idle.pop().connection.close()

    def _work_on(self, future: Future[Any], task: tuple[Any, ...], deaths: int = 0) -> None:
        """Have one task done by a worker of which no other thread knows meanwhile."""
        if future.cancelled():
            _settle(future, False, None)
            return
        try:
            worker = self._take_worker()
        except (WorkerDied, OSError) as error:  # the system may have no process or file to give
            _settle(future, False, error)
            return
        self._assign(future, worker)
        outcome = worker.ask(task)
        self._assign(future, None)
        ended_by = 0
        if outcome is None or worker.ended:
            ended_by = self._server.bury(worker)
        else:
            self._idle.append(worker)
        if outcome is not None:
            _settle(future, *outcome)
        else:
            self._try_again(future, task, deaths + 1, ended_by)

    def _take_worker(self) -> _Worker:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None:
            return self._server.start_worker()
        if worker.connection.poll():  # it has not been asked anything: that is its end
            self._server.bury(worker)
            return self._take_worker()
        return worker

    def _assign(self, future: Future[Any], worker: _Worker | None) -> None:
        with self._lock:
            if future in self._unfinished:
                self._unfinished[future] = worker
            elif worker is not None:  # it was cancelled just now
                worker.end()

    def _forget(self, future: Future[Any]) -> None:
        with self._lock:
            worker = self._unfinished.pop(future)
            if worker is not None:  # it was cancelled while it ran
                worker.end()

    def _try_again(self, future: Future[Any], task: tuple[Any, ...], deaths: int, ended_by: int) -> None:
        if future.cancelled() or deaths == _ATTEMPTS:
            _settle(future, False, _why_it_died(ended_by))
            return
        logger.warning("A worker died (signal %d); its task is tried once more.", ended_by)
        try:  # at the end: when memory was short, the others may be done by then
            self._threads.submit(self._work_on, future, task, deaths)
        except RuntimeError:  # after a shutdown nothing more can be queued
            self._work_on(future, task, deaths)


def _settle(future: Future[Any], succeeded: bool, outcome: Any) -> None:
    # Only now, so that until here `cancel` works: on a task that runs, too.
    if not future.set_running_or_notify_cancel():
        return
    if succeeded:
        future.set_result(outcome)
    else:
        future.set_exception(outcome)


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
        self._stopped = False
        self._start()

    def _start(self) -> None:
        self._served = False
        self._control, theirs = socket.socketpair()
        # -P: the script's own folder is not searched for modules.
        command = [sys.executable, "-P", fork_server.__file__, str(theirs.fileno()), self._options]
        # Ctrl-C is for this process; blocked, it cannot end the server before that one ignores it.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with theirs:
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def start_worker(self) -> _Worker:
        """Split off a worker.

        Raises
        ------
        WorkerDied
            The fork server was stopped, or does not survive its imports.
        """
        ours, theirs = multiprocessing.Pipe()
        with self._lock, theirs:
            while True:
                try:
                    return _Worker(self._ask(fork_server.START, theirs.fileno()), ours)
                except OSError as error:
                    if self._stopped or not self._served:
                        raise WorkerDied(
                            "The worker processes cannot be started, or were stopped. The log says why."
                        ) from error
                logger.warning("The process that starts the workers has died; a new one takes its place.")
                self._end()
                self._start()

    def bury(self, worker: _Worker) -> int:
        """End a worker if it has not died yet; the number of the signal that ended it, 0 if that is not known."""
        worker.connection.close()
        with self._lock, contextlib.suppress(OSError):
            return self._ask(worker.pid)
        return 0

    def _ask(self, request: int, *descriptors: int) -> int:
        socket.send_fds(self._control, [fork_server.NUMBER.pack(request)], descriptors)
        reply = self._control.recv(fork_server.NUMBER.size, socket.MSG_WAITALL)
        if len(reply) < fork_server.NUMBER.size:
            raise ConnectionResetError("the fork server is gone")
        self._served = True
        return fork_server.NUMBER.unpack(reply)[0]

    def stop(self) -> None:
        """End the server, and with it its workers. Calling it again does nothing."""
        self._stopped = True
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
