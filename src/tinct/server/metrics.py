"""What the server counts, in Prometheus' text format.

Requests are counted in this process; jobs are counted in the database, so that one scrape shows all workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from tinct.jobs.statistics import Statistic

__all__ = ["Metrics"]

_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LOST = "lost"  # the state under which attempts are counted whose process died
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class Metrics:
    """Counters of one server process, with its own registry."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "tinct_requests",
            "Requests, by wire format, method and status.",
            ("dialect", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "tinct_request_seconds",
            "Seconds from the request's head to the end of the reply.",
            ("dialect",),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._worker_restarts = Counter(
            "tinct_worker_restarts", "Worker processes that died and were replaced.", registry=self._registry
        )

    def request(self, dialect: str, method: str, status: int, seconds: float) -> None:
        """Count a request; status 0 is one whose client left before the reply."""
        self._requests.labels(dialect, method if method in _METHODS else "other", str(status)).inc()
        self._seconds.labels(dialect).observe(seconds)

    def worker_restart(self) -> None:
        """Count a replaced worker."""
        self._worker_restarts.inc()

    def text(
        self, depth: Mapping[str, int], waiting: Mapping[str, int], statistics: Sequence[Statistic]
    ) -> bytes:
        """Everything, with the jobs as they stand in the database."""
        jobs = CollectorRegistry()
        jobs.register(_Jobs(depth, waiting, statistics))
        return generate_latest(self._registry) + generate_latest(jobs)


class _Jobs(Collector):
    def __init__(
        self, depth: Mapping[str, int], waiting: Mapping[str, int], statistics: Sequence[Statistic]
    ) -> None:
        self._depth, self._waiting, self._statistics = depth, waiting, statistics

    def collect(self) -> Iterable[Metric]:
        now = GaugeMetricFamily("tinct_jobs", "Jobs that wait and that run now.", labels=["state"])
        for state, number in self._depth.items():
            now.add_metric([state], number)
        yield now
        waiting = GaugeMetricFamily(
            "tinct_jobs_waiting", "Jobs that wait, by what a worker needs for them.", labels=["capability"]
        )
        for capability, number in self._waiting.items():
            waiting.add_metric([capability], number)
        yield waiting
        labels = ["effect", "state", "code"]
        ended = CounterMetricFamily("tinct_jobs_ended", "Jobs that ended, by outcome.", labels=labels)
        waited = CounterMetricFamily(
            "tinct_job_wait_seconds", "Seconds that ended jobs had waited.", labels=labels
        )
        ran = CounterMetricFamily("tinct_job_run_seconds", "Seconds that ended jobs had run.", labels=labels)
        lost = CounterMetricFamily(
            "tinct_child_restarts", "Children that died at their work and were replaced.", labels=["effect"]
        )
        for entry in self._statistics:
            if entry.state == _LOST:
                lost.add_metric([entry.effect], entry.jobs)
                continue
            key = [entry.effect, str(entry.state), entry.code]
            ended.add_metric(key, entry.jobs)
            waited.add_metric(key, entry.waited_s)
            ran.add_metric(key, entry.ran_s)
        yield from (ended, waited, ran, lost)
