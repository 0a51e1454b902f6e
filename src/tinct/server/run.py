"""``tinct serve``: database, API and worker in one command, stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from tinct.backend import Backend, open_backend
from tinct.errors import OutputError
from tinct.server.app import create_app
from tinct.server.connections import Connections, descriptors, protocol
from tinct.server.metrics import Metrics
from tinct.server.supervisor import WorkerProcess
from tinct.settings import Settings
from tinct.storage.embedded import abandon

__all__ = ["Started", "http_config", "serve"]

_FIRST_ACCOUNT = "default"
_KEEP_ALIVE_S = 75  # an idle connection stays open longer than clients and proxies keep theirs
_BACKLOG = 256  # connections that wait to be accepted; as many are taken before any is looked at


@dataclass(frozen=True, kw_only=True)
class Started:
    """What a person wants to know when the server answers."""

    url: str
    """Address under which it listens."""
    api_key: str | None
    """Key of the account made on the first start; None on later ones."""
    link: str | None = None
    """Opens the studio for the first account, once, without a key; None where nobody asked for it."""


class _Server(uvicorn.Server):
    """Leaves signals to `serve`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings, started: Callable[[Started], None], *, link: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; a second one ends at once.

    Parameters
    ----------
    settings : Settings
    started : callable
        Called once the server answers.
    link : bool
        Whether to make a link that opens the studio once.

    Raises
    ------
    TinctError
        Something cannot be opened; the sentence says what.
    """
    metrics = Metrics()
    worker = WorkerProcess(settings, metrics)
    told = _on_signals(worker)
    with _listen(settings) as listener:
        async with open_backend(settings) as backend:
            await backend.jobs.leases.serve()
            app = create_app(backend, metrics)
            server = _Server(http_config(app, settings))
            serving = asyncio.create_task(server.serve([listener]))
            try:
                while not server.started and not serving.done():
                    await asyncio.sleep(0.005)
                url, api_key = _url(listener), await _first_key(backend)
                studio = await _studio_link(backend, settings.public_url or url) if link else None
                started(Started(url=url, api_key=api_key, link=studio))
                if settings.workers:
                    worker.start()
                waiting = asyncio.create_task(told.wait())
                await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                app.stopping.set()
                server.should_exit = True
                await worker.stop()
                app.closing.set()
                await asyncio.gather(serving, return_exceptions=True)


def _listen(settings: Settings) -> socket.socket:
    """A listening socket; connections wait in it until the server is ready."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        # The protocol is named since asyncio sends small packets at once only where it is TCP by name.
        listener = socket.socket(found[0], socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except (OSError, UnicodeError):  # the latter of a name that is none, such as a..b
        raise _cannot_listen(settings) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(found[4])
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise _cannot_listen(settings) from None
    return listener


def _cannot_listen(settings: Settings) -> OutputError:
    wanted = f"cannot listen on {settings.host} port {settings.port}"
    return OutputError(f"{wanted}; is another server there? choose another address or port")


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def http_config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """How an application is served over HTTP: by h11, which keeps the spelling that some clients' headers depend on."""
    return uvicorn.Config(
        app,
        http=protocol(Connections(settings, descriptors(settings))),
        ws="none",
        backlog=_BACKLOG,
        lifespan="off",
        proxy_headers=False,  # the front reads them, from trusted proxies alone
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.shutdown_s) + 10,
    )


def _on_signals(worker: WorkerProcess) -> asyncio.Event:
    """An event that the first signal sets; the second ends this process and the worker."""
    told = asyncio.Event()

    def handle() -> None:
        if told.is_set():
            worker.kill()
            abandon()
            os._exit(1)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, handle)
    return told


async def _first_key(backend: Backend) -> str | None:
    if await backend.accounts.any():
        return None
    return (await backend.accounts.create(_FIRST_ACCOUNT)).api_key


async def _studio_link(backend: Backend, url: str) -> str | None:
    """A link that opens the studio for the oldest account; what follows the # is sent to no server and in no log."""
    live = (account for account in await backend.accounts.list() if account.revoked_at is None)
    account = next(live, None)
    if account is None:
        return None
    return f"{url.rstrip('/')}/studio/#open={await backend.sessions.link(account.id)}"
