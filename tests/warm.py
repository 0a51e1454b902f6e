"""Programs in copies of one process that has imported what they import, which takes most of their time.

``python warm.py SOCKET`` is that process. `Warm` starts it, and writes programs that ask it: each runs in a fork of its
own, with its caller's words, environment, folder, input and output, and ends with its own status.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

START_S = 180  # patience on a busy machine
ASK = """
import array, json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    order = {"words": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}
    standard = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", (0, 1, 2)))]
    line.sendmsg([b"{"], standard)
    line.sendall(json.dumps(order).encode()[1:])
    line.shutdown(socket.SHUT_WR)
    sys.exit(int(line.recv(16) or b"1"))
"""


class Warm:
    """Has ``tinct`` and ``python3`` in its folder; `stop` it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        address = folder / "warm"
        self._process = subprocess.Popen([sys.executable, __file__, str(address)], env=environment)
        until = time.monotonic() + START_S
        while not address.exists():
            assert self._process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        ask = folder / "ask.py"
        ask.write_text(ASK)
        for name in ("tinct", "python3"):
            program = folder / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{ask}" "{address}" {name} "$@"\n')
            program.chmod(0o755)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(START_S)


def _serve(address: str) -> None:
    import httpx
    import numpy
    from PIL import Image

    import tinct.cli.effects
    import tinct.effects.migrate

    del httpx, numpy, Image, tinct
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a copy has ended but who ordered it
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{address}.new")
    listener.listen()
    Path(f"{address}.new").rename(address)  # from now on it answers
    while True:
        line, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return _one(line)
        line.close()


def _one(line: socket.socket) -> None:
    """Run what one caller wants."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    began, standard, _, _ = socket.recv_fds(line, 1, 3)
    with line.makefile("rb") as rest:
        order = json.loads(began + rest.read())
    if child := os.fork():
        line.sendall(b"%d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        os._exit(0)
    line.close()
    for number, given in enumerate(standard):
        os.dup2(given, number)
        os.close(given)
    # Opened anew: those of the first process remember what kind of file was there.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    program, *words = order["words"]
    if program == "tinct":
        from tinct.cli import main

        sys.argv = ["tinct", *words]
        main()
    else:
        sys.argv = words
        sys.path[0] = str(Path(words[0]).resolve().parent)
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    _serve(sys.argv[1])
