"""What the child does for those who look: a stored photo, or the first frame of a clip, as eyes see it; its faces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tinct.jobs.child import Outcome, Task
    from tinct.photo.photo import Photo

__all__ = ["FORMATS", "NAME", "seek", "show"]

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
    from tinct.jobs.child import Made, Outcome
    from tinct.photo import encode
    from tinct.photo.preview import preview

    small = preview(_seen(task), task.params["side"])
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


def seek(task: Task) -> Outcome:
    """Find the faces of the input ``image``, as `tinct.detect_faces` does.

    Parameters
    ----------
    task : Task
        As for `show`; ``side`` is not looked at. The facts of the outcome have ``width`` and ``height`` of the upright
        photo in pixels, and ``faces`` from left to right, as `tinct.faces.facts` writes them.

    Raises
    ------
    PhotoError, ClipError
        It cannot be decoded.
    MissingModelError, ModelError
        The networks are not installed, or cannot be used.
    """
    from tinct.faces.facts import facts
    from tinct.faces.find import find_faces
    from tinct.jobs.child import Outcome

    photo = _seen(task)
    return Outcome(facts={"width": photo.width, "height": photo.height, "faces": facts(find_faces(photo))})


def _seen(task: Task) -> Photo:
    """The photo, or the first frame of the clip, that a task is about."""
    from tinct.clip.clip import Clip
    from tinct.photo import decode
    from tinct.photo.photo import Photo

    source = task.inputs["image"]
    assert isinstance(source, str)
    if not task.params["clip"]:
        return decode.open(source)
    clip = Clip.open(Path(source))
    return Photo(clip.facts.matrix.rgb(next(clip.frames())))
