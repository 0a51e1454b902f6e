"""Where the faces of a file are: what a page shows before there is an order."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import Field

from tinct.accounts.limits import Window
from tinct.dialects.content import unchanged
from tinct.dialects.dialect import backend_of, settings_of
from tinct.dialects.native.auth import Caller
from tinct.dialects.native.files import KEPT_S, FileId
from tinct.dialects.native.replies import REFUSALS
from tinct.dialects.native.wire import Record

__all__ = ["router"]

router = APIRouter(prefix="/v1/files", tags=["Files"], responses=REFUSALS)


class Pose(Record):
    """How a head is turned, in degrees."""

    yaw: float
    pitch: float
    roll: float


class Face(Record):
    """A face in a photo."""

    box: tuple[int, int, int, int] = Field(
        description="Left, top, right, bottom in pixels of the upright photo; right and bottom lie outside."
    )
    confidence: float = Field(description="How sure it is that this is a face, 0 to 1.")
    pose: Pose


class Faces(Record):
    """The faces of a photo, from left to right, as effects number them."""

    width: int = Field(description="Pixels of the upright photo.")
    height: int
    faces: list[Face]


@router.get("/{file_id}/faces", response_model=Faces, responses={304: {"description": "It has not changed."}})
async def get_faces(request: Request, response: Response, account: Caller, file_id: FileId) -> object:
    """Where the faces of a photo are, or those of a clip's first frame: what ``detect_faces`` finds.

    No credit is taken; it counts as a preview. The same file has the same faces: keep the reply.
    """
    backend, settings = backend_of(request), settings_of(request)
    file = await backend.files.get(account.id, file_id)
    headers = {"ETag": f'"{file.etag}-faces"', "Cache-Control": f"private, max-age={KEPT_S}, immutable"}
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    await backend.limits.take(f"native:previews:{account.id}", Window(settings.previews_per_minute, 60.0))
    found = Faces.model_validate(await backend.previews.faces(file))
    response.headers.update(headers)
    return found
