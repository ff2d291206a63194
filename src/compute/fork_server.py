"""The process that worker processes are split off from, and what a worker does.

`worker_pool` runs this file as a script. It imports once what the workers need; each of them, and each replacement,
then starts in milliseconds. That is safe because nothing is computed here: the numerical libraries have started no
threads (Arrow's allocator has one, and handles forks itself). When the other end of the control socket closes, however
that came about, this process ends all its workers and then itself.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import pickle
import signal
import socket
import struct
import sys
import traceback
from multiprocessing.connection import Connection
from typing import NoReturn

NUMBER = struct.Struct("q")
"""A request or a reply. `START` asks for a worker, and the descriptor of its connection goes with it: the reply is its
process id. The id of a worker asks for its end: the reply is the number of the signal that ended it."""
START = 0

_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def main(descriptor: int, search_path: list[str], preload: list[str]) -> None:
    """Import the modules to preload, then split off a worker at each request."""
    control = socket.socket(fileno=descriptor)
    faulthandler.enable()  # a crash in a library leaves its stack in the log
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that has the pool
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    sys.path[:] = search_path
    for name in preload:
        with contextlib.suppress(ImportError):  # the task that needs the module says so better
            importlib.import_module(name)
    gc.freeze()  # the collector leaves these objects alone, so their pages stay shared
    with contextlib.suppress(ConnectionError):
        _serve(control)


def _serve(control: socket.socket) -> None:
    workers: set[int] = set()
    try:
        while True:
            request, descriptors, *_ = socket.recv_fds(control, NUMBER.size, 1)
            if not request:
                return
            (number,) = NUMBER.unpack(request)
            if number == START:
                reply = _split_off(control, *descriptors)
                workers.add(reply)
            else:
                reply = _reap(number) if number in workers else 0
                workers.discard(number)
            control.sendall(NUMBER.pack(reply))
    finally:
        for worker in workers:
            _reap(worker)


def _split_off(control: socket.socket, descriptor: int) -> int:
    worker = os.fork()
    if worker == 0:
        control.close()
        _work(descriptor)
    os.close(descriptor)
    return worker


def _reap(worker: int) -> int:
    # Until here nobody waited for it, so its id cannot have been given to another process.
    os.kill(worker, signal.SIGKILL)
    _, status = os.waitpid(worker, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _work(descriptor: int) -> NoReturn:
    """Answer tasks until the other end closes."""
    os.set_inheritable(descriptor, False)
    connection = Connection(descriptor)
    try:
        while True:
            connection.send_bytes(_answer(connection.recv_bytes()))
    except (EOFError, OSError):  # the pool is gone: nobody waits for an answer
        os._exit(0)
    finally:  # whatever else happened, a worker must not go on as a second server
        os._exit(1)


def _answer(task: bytes) -> bytes:
    try:
        function, arguments, keywords = pickle.loads(task)
        return pickle.dumps((True, function(*arguments, **keywords)), protocol=pickle.HIGHEST_PROTOCOL)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is raised where the result is asked for
        return _failure(error)


def _failure(error: BaseException) -> bytes:
    text = "".join(traceback.format_exception(error))
    error.add_note(f"In the worker process:\n{text}")
    try:
        answer = pickle.dumps((False, error))
        pickle.loads(answer)
    except Exception:  # noqa: BLE001 - an exception can refuse to be pickled, or to be unpickled, in any way
        from src.errors import TaskFailed

        substitute = TaskFailed("{kind}: {reason}", kind=type(error).__name__, reason=str(error))
        substitute.add_note(f"In the worker process:\n{text}")
        answer = pickle.dumps((False, substitute))
    return answer


if __name__ == "__main__":
    main(int(sys.argv[1]), **json.loads(sys.argv[2]))
