"""What the child does that makes small pictures: a stored photo, or the first frame of a clip, as eyes see it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tinct.jobs.child import Outcome, Task


__all__ = ["FORMATS", "NAME", "show"]

FORMATS: Final = ("jpeg", "png")
"""What previews are."""
NAME: Final = "preview"
"""Of the file in the task's folder."""
_QUALITY: Final = 85


def show(task: Task) -> Outcome:
    """Write a small copy of the input ``image`` into the task's folder.

    Parameters
    ----------
    task : Task
        Its ``params`` hold ``side``, the longest side in pixels, and ``clip``, whether the input is one. The copy is in
        sRGB, 8 bits, upright, without metadata: JPEG, or PNG where some of it is clear.

    Raises
    ------
    PhotoError, ClipError
        It cannot be decoded.
    """
    from tinct.clip.clip import Clip
    from tinct.jobs.child import Made, Outcome
    from tinct.photo import decode, encode
    from tinct.photo.photo import Photo
    from tinct.photo.preview import preview

    source = task.inputs["image"]
    assert isinstance(source, str)
    if task.params["clip"]:
        clip = Clip.open(Path(source))
        photo = Photo(clip.facts.matrix.rgb(next(clip.frames())))
    else:
        photo = decode.open(source)
    small = preview(photo, task.params["side"])
    clear = small.alpha is not None and bool((small.alpha < 255).any())
    format = "png" if clear else "jpeg"
    data = encode.encode(small, format, quality=_QUALITY, metadata="none")
    path = Path(task.folder) / NAME
    path.write_bytes(data)
    made = Made(
        path=str(path),
        role="preview",
        format=format,
        size=len(data),
        etag="",
        width=small.width,
        height=small.height,
        depth=8,
        channels=4 if clear else 3,
        mode="rgb",
    )
    return Outcome(made=(made,))
