"""Connections: how many there may be, and how long one may keep the server waiting.

The HTTP server itself knows neither. Here every connection is looked at a few times a second: a head that is not whole
in time, a body that stands still, and a reply that nobody reads are given up. Where there are too many connections, one
that waits for a request makes room for one that has just come, so that a crowd of silent ones locks nobody out.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from enum import Enum, auto
from typing import Any, Final

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from tinct.server.address import is_trusted
from tinct.settings import Settings

__all__ = ["Connections", "descriptors", "protocol"]

_log = logging.getLogger(__name__)

_LOOKS: Final = 4  # at each connection, within the shortest of its times
# Times the setting, so that a wire format that watches its bodies refuses in its own words
_LATER: Final = 1.25
_LEAST_BYTES: Final = 4096  # of a body or a reply that have to move in that time
# While a server stops: what is under way on an idle connection is answered, and then closed
_LINGER_S: Final = 1.0
_OWN_DESCRIPTORS: Final = 96  # files, database, children: what is never left to connections
_LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
)


class Stage(Enum):
    """What a connection waits for."""

    KEPT = auto()
    """The next request, of which nothing has come; the HTTP server's keep-alive timer ends it."""
    HEAD = auto()
    """The rest of a request's head, or the first request."""
    BODY = auto()
    """More of a body."""
    READER = auto()
    """The client, to read what was sent to it."""
    SERVER = auto()
    """An application of ours."""


_IDLE: Final = (Stage.KEPT, Stage.HEAD)


class Connections:
    """All connections of one server.

    Parameters
    ----------
    settings : Settings
    most : int
        Connections in all; see `descriptors`.
    """

    def __init__(self, settings: Settings, most: int) -> None:
        self.settings, self.most = settings, most
        self._open: dict[Guarded, str] = {}
        """Connection -> whose it is, the oldest first."""
        self._counts: dict[str, int] = {}
        self._looking: asyncio.TimerHandle | None = None
        self.stopped_at: float | None = None
        """When the server began to stop, by the loop's clock."""

    def admit(self, one: Guarded, host: str | None) -> bool:
        """Whether a new connection may stay; for it, another may have to go."""
        owner = _owner(host)
        if not self._room(owner, alone=not is_trusted(host or "", self.settings.trusted_proxies)):
            _log.warning("too many connections")
            return False
        self._open[one] = owner
        self._counts[owner] = self._counts.get(owner, 0) + 1
        if self._looking is None:
            self._schedule(one.loop)
        return True

    def forget(self, one: Guarded) -> None:
        """A connection is gone."""
        owner = self._open.pop(one, None)
        if owner is None:
            return
        self._counts[owner] -= 1
        if not self._counts[owner]:
            del self._counts[owner]

    def _room(self, owner: str, *, alone: bool) -> bool:
        """Whether there is room, or was made; `alone` says that an address is no proxy, which has many clients."""
        own = alone and self._counts.get(owner, 0) >= self.settings.connections_per_address
        if not own and len(self._open) < self.most:
            return True
        for one, whose in self._open.items():
            if (whose == owner or not own) and one.stage in _IDLE:
                one.drop()
                return True
        return False

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        seconds = min(self.settings.header_s, self.settings.body_idle_s) / _LOOKS
        self._looking = loop.call_later(min(seconds, 1.0), self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = None
        now = loop.time()
        for one in list(self._open):
            one.look(now)
        if self._open:
            self._schedule(loop)


class Guarded(H11Protocol):
    """One connection."""

    guard: Connections

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._received = 0
        self._resumed = 0
        self._seen = Stage.SERVER
        self._since = self.loop.time()
        self._moved = (0, 0, 0)
        """Bytes received, bytes that wait to be sent, and times that the client caught up, when last looked at."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        if not self.guard.admit(self, self.client[0] if self.client else None):
            transport.write(_FULL)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, by whomever."""
        self.guard.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something has come."""
        self._received += len(data)
        super().data_received(data)
        if self.guard.stopped_at is not None and self._serving:
            self.cycle.keep_alive = False
            self.cycle.default_headers = [*self.cycle.default_headers, (b"connection", b"close")]

    def shutdown(self) -> None:
        """The server stops. Connections that wait for a request get a moment more, since one may be under way."""
        if self.guard.stopped_at is None:
            self.guard.stopped_at = self.loop.time()
        if self._serving:
            super().shutdown()

    @property
    def _serving(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._resumed += 1
        super().resume_writing()

    @property
    def stage(self) -> Stage:
        """What it waits for now."""
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            return Stage.READER
        state = self.conn.their_state
        if state is h11.IDLE:
            served = self.cycle is not None
            return Stage.KEPT if served and not self.conn.trailing_data[0] else Stage.HEAD
        if state is h11.SEND_BODY and not self.flow.read_paused:
            return Stage.BODY
        return Stage.SERVER

    def look(self, now: float) -> None:
        """Give up what has kept the server waiting too long."""
        stage = self.stage
        if stage is not self._seen:
            self._seen, self._since, self._moved = stage, now, self._marks()
            return
        stopped_at = self.guard.stopped_at
        if stopped_at is not None and stage in _IDLE and now - max(self._since, stopped_at) > _LINGER_S:
            super().shutdown()
            return
        settings = self.guard.settings
        match stage:
            case Stage.HEAD if now - self._since > settings.header_s:
                self._refuse(told=self._received > 0)
            case Stage.BODY | Stage.READER if now - self._since > settings.body_idle_s * _LATER:
                if self._moves():
                    self._since, self._moved = now, self._marks()
                elif stage is Stage.BODY:
                    self._refuse(told=not self.cycle.response_started)
                else:
                    self.drop()

    def drop(self) -> None:
        """End it at once, whatever was still to be sent."""
        self.guard.forget(self)
        self.transport.abort()

    def _marks(self) -> tuple[int, int, int]:
        return self._received, self.transport.get_write_buffer_size(), self._resumed

    def _moves(self) -> bool:
        """Whether enough has moved since it was last looked at."""
        (received, left, resumed), now = self._moved, self._marks()
        if self._seen is Stage.BODY:
            return now[0] - received >= _LEAST_BYTES
        return now[2] > resumed or left - now[1] >= _LEAST_BYTES

    def _refuse(self, *, told: bool) -> None:
        """Close it, with a word if the client waits for one."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if told:
            self.transport.write(_LATE)
        self.transport.close()


def protocol(guard: Connections) -> type[Guarded]:
    """The protocol of a server whose connections `guard` watches."""

    class Protocol(Guarded):
        pass

    Protocol.guard = guard
    return Protocol


def descriptors(settings: Settings) -> int:
    """How many connections there may be: what the settings say, and no more than this process may have files open.

    The soft limit of open files is raised as far as that asks for, and the hard limit allows.
    """
    try:
        import resource
    except ImportError:  # no such limit on this system
        return settings.max_connections
    own = _OWN_DESCRIPTORS + settings.database_connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections + own
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return settings.max_connections if soft == resource.RLIM_INFINITY else max(min(wanted, soft) - own, 16)


def _owner(host: str | None) -> str:
    """Who counts as one: an address, or the 64 bits of a network of IPv6 that a site has to itself."""
    try:
        address = ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return host or ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((address, 64), strict=False))
        address = address.ipv4_mapped
    return str(address)
