"""The one place where limits and choices live, and the only module that reads the environment.

Every field is one limit or choice with its unit and its reason. ``Settings.from_environment()`` reads
``TINCT_<FIELD>`` for each of them; code takes a ``Settings`` and never looks at
``os.environ``. Those that have to do with callers, URLs and callbacks stand in `tinct.serving`, those of jobs and
workers in `tinct.working`.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from tinct.errors import ParameterError
from tinct.serving import ServingSettings, comma_separated
from tinct.working import ORDINARY, WorkingSettings

__all__ = ["ORDINARY", "Settings", "current", "strip_environment", "stripped_environment", "use"]


_KEPT = ("PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_KEPT_PREFIXES = ("PYTHON", "LC_", "XDG_", "OMP_", "OPENBLAS_", "MKL_", "VIPS_", "CUDA_", "NVIDIA_", "DYLD_")
_CALLS = r"^\d{1,6}/[1-9]\d{0,5}$"  # calls/seconds


def _own_folder() -> Path:
    """Where the operating system wants a user's program data."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "tinct"


class Settings(WorkingSettings, ServingSettings):
    """Limits and choices. Frozen: make another with ``model_copy(update=...)``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # -- photos -----------------------------------------------------------------------------------
    max_photo_bytes: int = Field(
        256 * 2**20,
        gt=0,
        description="Bytes of one encoded photo. A 100-megapixel 16-bit TIFF is 600 MB; raise it for those.",
    )
    max_photo_pixels: int = Field(
        200_000_000,
        gt=0,
        description="Width x height of one photo, in pixels, read from its header. Phone sensors reach 200 MP.",
    )
    max_photo_side: int = Field(
        65_500, gt=0, description="Longer side of one photo, in pixels. JPEG cannot hold more than 65,500."
    )
    max_photo_frames: int = Field(
        1, gt=0, description="Frames or pages of one photo. A photo has one; the rest is a video."
    )
    max_metadata_bytes: int = Field(
        8 * 2**20,
        gt=0,
        description="Bytes of one colour profile, Exif block or XMP packet. The largest press profiles have 3 MB.",
    )

    folder_pixels: int = Field(
        32_000_000,
        gt=0,
        description="Pixels of photos that a folder run of the command line works on at a time, for each core. A pixel "
        "takes about 10 bytes; a larger photo is worked on alone.",
    )

    # -- clips ------------------------------------------------------------------------------------
    max_clip_bytes: int = Field(
        512 * 2**20, gt=0, description="Bytes of one clip. Ten minutes of 1080p have 150 to 500 MB."
    )
    max_clip_s: float = Field(
        600.0,
        gt=0,
        description="Seconds of one clip, by its header. Work on a clip takes many times its length.",
    )
    max_clip_side: int = Field(
        4096, ge=16, description="Longer side of a clip, in pixels, before and after the work."
    )
    max_clip_pixels: int = Field(
        4096 * 2304, gt=0, description="Width x height of one frame, in pixels, before and after the work."
    )
    max_clip_fps: float = Field(
        120.0,
        gt=0,
        description="Frames a second of one clip. Ordinary ones have up to 60, slow motion of phones 240.",
    )

    # -- where things are -------------------------------------------------------------------------
    data: Path = Field(
        Path("tinct-data"),
        description="Folder of the embedded database, the files and the secret. Created with 0700.",
    )
    database_url: str | None = Field(
        None,
        repr=False,
        description="postgresql:// of an external server; none starts a private one in the data folder.",
    )
    blob_url: str | None = Field(
        None, description="A folder or s3://bucket/prefix for files; none keeps them in the data folder."
    )
    secret: str | None = Field(
        None,
        repr=False,
        description="Secrets for keys and links, comma-separated, newest first, 32 characters or more each; "
        "several API machines need the same. None makes one in the data folder.",
    )

    models: Path = Field(
        default_factory=lambda: _own_folder() / "models",
        description="Folder of fetched model weights; none is this user's own data folder.",
    )
    hair_styles: Path = Field(
        default_factory=lambda: _own_folder() / "hair-styles",
        description="Folder of the operator's own hairstyles, which `tinct hair styles` keeps; every machine that does "
        "jobs needs the same. None is this user's own data folder.",
    )
    model_memory_bytes: int = Field(
        2 * 2**30,
        ge=64 * 2**20,
        description="Memory of the models that one process keeps ready; those unused for longest go first.",
    )

    # -- database ---------------------------------------------------------------------------------
    database_connections: int = Field(
        12,
        ge=2,
        le=200,
        description="Connections in one process's pool. The embedded server accepts 100 in all.",
    )

    # -- files ------------------------------------------------------------------------------------
    keep_inputs_s: float = Field(24 * 3600.0, gt=0, description="Seconds an uploaded file stays.")
    keep_results_s: float = Field(
        24 * 3600.0, gt=0, description="Seconds a result stays after its job ended."
    )
    keep_jobs_s: float = Field(
        30 * 24 * 3600.0,
        gt=0,
        description="Seconds a finished job's record stays; the credit ledger stays for ever.",
    )
    keep_orphans_s: float = Field(
        24 * 3600.0,
        ge=60,
        description="Seconds after which stored bytes that no record names are removed; longer than any upload takes.",
    )
    store_answer_s: float = Field(
        10.0,
        gt=0,
        le=10,
        description="Seconds that a bucket has for one answer, two parts of 8 MiB of an upload included; then it "
        "counts as away. Tries and the clearing up after an upload are three times that: a caller hears within 30 s.",
    )
    store_patience_s: float = Field(
        60.0,
        ge=0,
        description="Seconds that a worker goes on trying to read a job's inputs and to store its results while the "
        "store is away; then the job is begun anew, as when its process dies.",
    )
    min_free_bytes: int = Field(
        512 * 2**20,
        ge=0,
        description="Free bytes on the disk of files below which uploads and jobs are refused.",
    )

    # -- buckets ----------------------------------------------------------------------------------
    max_object_bytes: int = Field(
        5 * 2**30,
        gt=0,
        description="Bytes of one object, or of one part of it, in one request; more goes up in parts.",
    )
    keep_multipart_s: float = Field(
        7 * 24 * 3600.0,
        gt=0,
        description="Seconds without a new part after which an unfinished upload in parts is dropped.",
    )
    keep_replaced_s: float = Field(
        120.0,
        gt=0,
        description="Seconds that the bytes of a replaced or deleted object stay for those who are reading them.",
    )

    cos_base_domain: str | None = Field(
        None, min_length=1, description="Domain of this server whose labels are buckets: <bucket>.<domain>."
    )
    cos_default_bucket: str | None = Field(
        None,
        min_length=1,
        description="Bucket of clients that reach the server by an address which names none.",
    )
    cos_strict_signatures: bool = Field(
        True,
        description="Whether a signature in the Authorization header has to list every x-cos-* and x-ci-* header, "
        "Pic-Operations and every parameter that says what is done, as the official SDKs do; one in a URL always has "
        "to. Without it, who holds a presigned URL may move its signature into the header and add to it.",
    )
    cos_wait_s: float = Field(
        120.0,
        gt=0,
        description="Seconds a request waits for its image to be coloured before it is told to slow down.",
    )

    picma: Path | None = Field(
        None,
        description="TOML file over what the PicMa API does not publish: paths, types, numbers, MD5, tries; none: the "
        "table of this package.",
    )

    # -- YouCam -----------------------------------------------------------------------------------
    youcam_raw_keys: bool = Field(
        True, description="Whether YouCam's client_id is accepted as a bearer, as its newer clients send it."
    )
    youcam_strict_swap: bool = Field(
        True,
        description="Whether YouCam's face swap refuses faces that would look bad on each other, as `tinct swap` does "
        "without --force. False swaps all that can be found, as clients of the vendor may expect.",
    )
    youcam_token_s: float = Field(7200.0, gt=0, description="Seconds that a YouCam access token lives.")
    youcam_clock_s: float = Field(
        300.0, gt=0, description="Seconds that the clock of a YouCam client may be off when it signs in."
    )
    youcam_lease_s: float = Field(
        12.0,
        ge=0,
        description="Seconds without a poll after which a YouCam v1.0 task is dropped, free of charge: the vendor's "
        "ten and two of grace. 0 drops none.",
    )
    youcam_link_s: float = Field(
        7200.0,
        gt=0,
        description="Seconds that a link to a YouCam result works, and one to send a file to in v2.",
    )
    youcam_v1_files_s: float = Field(
        24 * 3600.0, gt=0, description="Seconds that a file stays which was declared by YouCam v1.0."
    )
    youcam_keep_s: float = Field(
        30 * 24 * 3600.0,
        gt=0,
        description="Seconds that YouCam's results stay, and files that were declared by its later versions.",
    )
    youcam_content_check: bool = Field(
        True,
        description="Whether photos of YouCam tasks are held against the content check, where its weights are "
        "installed.",
    )
    youcam_cors: Annotated[frozenset[str], BeforeValidator(comma_separated)] = Field(
        frozenset(),
        description="Origins of web pages that may make YouCam's calls themselves, comma-separated, * for all; "
        "links of files may be used by any page anyway.",
    )
    youcam_address_calls: str = Field(
        "100/300",
        pattern=_CALLS,
        description="YouCam v1: calls/seconds from one address, as the vendor has it; 0/1 is no limit. An office needs "
        "more.",
    )
    youcam_token_calls: str = Field(
        "100/60",
        pattern=_CALLS,
        description="YouCam v1: calls/seconds with one token or key; 0/1 is no limit.",
    )
    youcam_v2_address_calls: str = Field(
        "250/300",
        pattern=_CALLS,
        description="YouCam v2: calls/seconds from one address; 0/1 is no limit.",
    )
    youcam_v2_key_calls: str = Field(
        "250/300",
        pattern=_CALLS,
        description="YouCam v2: calls/seconds with one key or token; 0/1 is no limit.",
    )

    def own_effects(self) -> list[tuple[str, str]]:
        """Name and place of each of ``extra_effects``."""
        pairs = (part.partition("=") for part in self.extra_effects.split(",") if part.strip())
        return [(name.strip(), where.strip()) for name, _, where in pairs]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read ``TINCT_<FIELD>`` variables over the defaults.

        Raises
        ------
        ParameterError
            A variable holds a value its field does not allow.
        """
        environ = os.environ if environ is None else environ
        found = {
            name: environ[f"TINCT_{name.upper()}"]
            for name in cls.model_fields
            if environ.get(f"TINCT_{name.upper()}")
        }
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            raise ParameterError(f"TINCT_{name.upper()}", first["input"], first["msg"]) from None

    def to_environment(self) -> dict[str, str]:
        """The environment for a child process that shall read these settings."""
        found = dict(os.environ)
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is not None:
                text = ",".join(sorted(value)) if isinstance(value, frozenset) else str(value)
                found[f"TINCT_{name.upper()}"] = text
        return found

    def with_changes(self, **changes: object) -> Settings:
        """The same settings with other values, checked; None leaves a field as it is.

        Raises
        ------
        ParameterError
            A field does not allow its value.
        """
        given = {name: value for name, value in changes.items() if value is not None}
        try:
            return type(self).model_validate(self.model_dump() | given)
        except ValidationError as error:
            first = error.errors()[0]
            raise ParameterError(str(first["loc"][0]), first["input"], first["msg"]) from None


_given: Settings | None = None


@functools.cache
def current() -> Settings:
    """The settings of this process: those it was given by `use`, else the environment's, read once."""
    return _given if _given is not None else Settings.from_environment()


def use(settings: Settings) -> None:
    """Make `settings` those of this process: a child gets its server's, whatever its environment says."""
    global _given
    _given = settings
    current.cache_clear()


def stripped_environment() -> dict[str, str]:
    """Of this process's environment what libraries need to be found and to run; nothing that may be a secret."""
    return {
        name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }


def strip_environment() -> None:
    """Keep only that of this process's environment."""
    kept = stripped_environment()
    os.environ.clear()
    os.environ.update(kept)
