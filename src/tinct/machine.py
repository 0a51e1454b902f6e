"""What the machine lets this process have: cores and memory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cores", "free_memory", "peak_memory"]

_CGROUP = Path("/sys/fs/cgroup")


def cores() -> int:
    """Cores that this process may use, where the system says so; else all."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def free_memory() -> int:
    """Bytes this process may still take: what is free, within the limits of its container and of itself."""
    import psutil

    limits = [int(psutil.virtual_memory().available), _left_in_container(), _left_in_address_space()]
    return max(0, min(limit for limit in limits if limit is not None))


def peak_memory() -> int:
    """Bytes that this process held at most so far; now, where the system does not remember."""
    try:
        import resource
    except ImportError:
        import psutil

        return int(psutil.Process().memory_info().rss)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _left_in_container(folder: Path = _CGROUP) -> int | None:
    """Bytes below the limit of a Linux control group; None where there is no limit."""
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        if limit == "max":
            return None
        used = int((folder / "memory.current").read_text(encoding="ascii"))
        cache = 0  # the kernel gives this back when memory is asked for
        for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines():
            if line.startswith("inactive_file "):
                cache = int(line.split()[1])
        return int(limit) - used + cache
    except (OSError, ValueError):
        return None


def _left_in_address_space() -> int | None:
    """Bytes below the process's own limit of mapped memory, as the children of a worker have one."""
    if sys.platform == "win32":
        return None
    import resource

    import psutil

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    return int(limit - psutil.Process().memory_info().vms)
