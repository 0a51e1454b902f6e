"""A data folder as the first start of a server leaves it: made once for all processes of a run, and copied.

Most tests are about what comes after a first start, which takes as long as ten later ones.
"""

import fcntl
import subprocess
import sys
from pathlib import Path

_FIRST_START = """
import asyncio, sys
from pathlib import Path
from tinct.backend import open_backend
from tinct.settings import Settings

async def main():
    async with open_backend(Settings(data=Path(sys.argv[1]))):
        pass

asyncio.run(main())
"""


class Place:
    """Where the folder that is copied lies; the session says it."""

    shared: Path


def prepared(data: Path) -> Path:
    """Make the folder `data` with an empty database; its secret is made by its first server."""
    template = Place.shared / "prepared"
    with (Place.shared / "prepared.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            new = Place.shared / "prepared.new"
            subprocess.run([sys.executable, "-c", _FIRST_START, str(new)], check=True)
            (new / "secret").unlink()
            new.rename(template)
    data.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(template), str(data)], check=True)  # with its owners
    return data
