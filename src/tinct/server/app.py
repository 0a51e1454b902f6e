"""The application: the front, with every wire format and the server's own pages behind it."""

from __future__ import annotations

from collections.abc import Sequence

from tinct.backend import Backend
from tinct.dialects.dialect import Dialect
from tinct.dialects.registry import DIALECTS
from tinct.server.front import Front
from tinct.server.metrics import Metrics
from tinct.server.ops import operations
from tinct.server.studio import STUDIO

__all__ = ["create_app"]


def create_app(
    backend: Backend, metrics: Metrics | None = None, dialects: Sequence[Dialect] = DIALECTS
) -> Front:
    """Build the server on a backend that is open and stays so.

    Parameters
    ----------
    dialects : sequence of Dialect
        Wire formats; the last takes what none claims.

    Raises
    ------
    ParameterError
        A wire format's table cannot be read.
    """
    metrics = metrics or Metrics()
    for dialect in dialects:
        # What a wire format's own table gets wrong shows before the first call
        dialect.limits(backend.settings)
    return Front(backend, (operations(metrics), STUDIO, *dialects), metrics)
