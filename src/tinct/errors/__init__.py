"""Every error that Tinct raises on purpose.

    TinctError
    ├── ParameterError          a value the caller chose is not allowed (field, value, allowed)
    │   └── UnsafePromptError       a prompt asks for what no picture is made of here
    ├── PhotoError              the bytes of a photo cannot be used
    │   ├── EmptyPhotoError         no bytes at all
    │   ├── UnsupportedPhotoError   not one of the formats that are read
    │   │   └── PhotoMissingError       no such file; a FileNotFoundError too
    │   ├── BrokenPhotoError        the right signature, but truncated or corrupt
    │   ├── PhotoModeError          a colour mode that is not taken here
    │   ├── UnsafePhotoError        the content check calls it unsafe
    │   │   └── UnsafeResultError       every picture that was made for a prompt, with several seeds
    │   └── PhotoLimitError         bytes, sides, pixels or frames above a limit
    │       ├── PhotoFramesError        an animation or several pages
    │       └── SmallPhotoError         a side below one
    ├── ClipError               the bytes of a clip cannot be used
    │   ├── EmptyClipError          no bytes at all
    │   ├── UnsupportedClipError    not one of the containers or codecs that are read
    │   │   ├── ClipMissingError        no such file; a FileNotFoundError too
    │   │   ├── NoPictureError          sound alone
    │   │   └── ClipLookError           HDR or interlaced: it would look wrong
    │   ├── BrokenClipError         truncated, or corrupt beyond what can be concealed
    │   └── ClipLimitError          bytes, seconds, sides, pixels or frames a second outside a limit
    ├── FaceError               the faces of a photo do not allow the effect
    │   ├── NoFaceError             none was found
    │   ├── SeveralFacesError       there are several where one is expected
    │   ├── SmallFaceError          it is too small
    │   ├── FaceAngleError          it is turned, raised or tilted too far
    │   ├── FaceCutError            the photo's border cuts it
    │   ├── FaceCoveredError        something hides too much of it
    │   │   ├── EyeCoveredError         an eye
    │   │   └── LipCoveredError         the lips
    │   ├── EyeClosedError          an eye is closed
    │   ├── FacesUnlikeError        two differ too much for one to take the other's place
    │   ├── HairError               the hair cannot be changed
    │   │   ├── BaldError               there is hardly any
    │   │   └── HairTooShortError       it is too short
    │   ├── NoShoulderError         the shoulders are not in the photo
    │   └── ReferenceFaceError      the same of the photo that is the example: ReferenceNoFaceError and so on
    ├── ColorMapError           a .cube file that cannot be read
    │   └── ColorMapMissingError    no such file; a FileNotFoundError too
    ├── ModelError              weights are missing, damaged or not accepted
    │   ├── MissingModelError       not installed; says which command gets it
    │   ├── DamagedModelError       digest differs; names both digests
    │   ├── ModelLicenceError       its licence has to be accepted first; names it
    │   ├── ModelMemoryError        the network needs more memory than there is
    │   ├── ForeignModelError       files of a model that no engine knows
    │   ├── PickledModelError       weights as a pickle, which could run any program
    │   └── TruncatedModelError     a file of weights is shorter than it says
    ├── GeneratorError          a picture cannot be generated
    │   ├── NoGeneratorError        none is installed that serves what is asked for
    │   ├── PromptTooLongError      more tokens than the model takes
    │   ├── GenerationRefusedError  whoever runs the model does not make this picture
    │   ├── GeneratorAwayError      it runs elsewhere and does not answer; knows when to come back
    │   └── GeneratorAnswerError    it runs elsewhere, and its answer is no such picture
    ├── OutputError             a result cannot be written where it was asked to go
    ├── DatabaseError           the database cannot be reached or started
    ├── StorageError            a stored file or its link cannot be used
    │   ├── FileMissingError        no such file, or it is someone else's
    │   │   ├── FileExpiredError        its time is over
    │   │   └── FileNotSentError        it was declared, and its bytes have not come
    │   ├── StorageAwayError        the store for bytes does not answer
    │   ├── BlobKeyError            a storage key that is not allowed
    │   ├── UploadLimitError        more bytes than are accepted
    │   ├── StorageFullError        no room to accept more work
    │   ├── DigestError             the bytes that arrived are not those that were announced
    │   ├── BucketNameError         a bucket name that is not allowed
    │   ├── BucketMissingError      no such bucket
    │   ├── BucketExistsError       the bucket name is taken; knows whether by the caller
    │   ├── BucketNotEmptyError     objects or unfinished uploads are left in the bucket
    │   ├── ObjectKeyError          an object key that is not allowed
    │   ├── ObjectMissingError      no such object in the bucket
    │   ├── MultipartMissingError   no such upload in parts
    │   ├── PartError               the parts of an upload do not make an object
    │   │   ├── PartMissingError        one of them was not uploaded, or has other bytes
    │   │   ├── PartOrderError          they are not listed in rising order
    │   │   └── PartSizeError           one that is not the last is too small
    │   └── LinkError               a signed link is wrong
    │       ├── LinkExpiredError        it was right, but its time is over
    │       └── UploadClosedError       the file takes no more bytes: a job has named it
    ├── AccountError            the caller may not do this
    │   ├── KeyRefusedError         key or secret unknown, revoked or expired
    │   ├── CreditError             not enough credits
    │   ├── CrossSiteError          a browser's request without its session's CSRF token
    │   ├── RateLimitError          too many requests; knows when to come back
    │   └── EffectRefusedError      the operator does not allow this effect
    ├── FetchError              a URL cannot be fetched
    │   ├── RefusedUrlError         it leads where nothing is fetched from
    │   ├── UnreachableUrlError     no answer, not 200, or too slow
    │   └── OversizeUrlError        the body is larger than allowed
    ├── JobFailedError          a job ended without a result, and not by what its effect or its photo says
    │   ├── JobTimedOutError        an attempt ran longer than the deadline
    │   ├── JobMemoryError          it needs more memory than one job may use
    │   ├── RetriesExhaustedError   the process died at every attempt
    │   ├── JobCancelledError       its owner cancelled it
    │   │   └── AbandonedError          nobody asked for it in time, and it was on a lease
    │   ├── InputGoneError          an input was deleted before the job had read it
    │   ├── InputNotSentError       an input was declared, and its bytes never came
    │   └── InternalError           the effect broke
    └── JobError                a job cannot be accepted or found
        ├── LookMissingError        no such look, or someone else's
        ├── JobMissingError         no such job, or someone else's
        │   └── JobDeletedError         it was deleted by its owner
        ├── CallbackMissingError    no such callback
        ├── JobTooLongError         it would take longer than the operator allows
        ├── IdempotencyError        the same idempotency key with another order
        ├── NoWorkerError           no worker that is there can do what the job needs
        ├── PromptHookError         the operator's own check of prompts does not answer
        └── QueueFullError          as many jobs wait as are allowed; knows when to come back

Each class has a ``code`` that programs may rely on; ``str(error)`` is one sentence that any caller may see:
what was found, what is allowed, what to do. It never holds another library's message, a path of the
server or a stack. `restored` makes an error again from the code and sentence that a job kept.
"""

from __future__ import annotations

from tinct.errors.base import (
    ColorMapError,
    ColorMapMissingError,
    DamagedModelError,
    DatabaseError,
    MissingModelError,
    ModelError,
    ModelLicenceError,
    ModelMemoryError,
    OutputError,
    ParameterError,
    TinctError,
)
from tinct.errors.clip import (
    BrokenClipError,
    ClipError,
    ClipLimitError,
    ClipLookError,
    ClipMissingError,
    EmptyClipError,
    NoPictureError,
    UnsupportedClipError,
)
from tinct.errors.faces import (
    BaldError,
    EyeClosedError,
    EyeCoveredError,
    FaceAngleError,
    FaceCoveredError,
    FaceCutError,
    FaceError,
    FacesUnlikeError,
    HairError,
    HairTooShortError,
    LipCoveredError,
    NoFaceError,
    NoShoulderError,
    ReferenceEyeClosedError,
    ReferenceEyeCoveredError,
    ReferenceFaceAngleError,
    ReferenceFaceError,
    ReferenceLipCoveredError,
    ReferenceNoFaceError,
    ReferenceSmallFaceError,
    SeveralFacesError,
    SmallFaceError,
)
from tinct.errors.failures import (
    AbandonedError,
    InputGoneError,
    InputNotSentError,
    InternalError,
    JobCancelledError,
    JobFailedError,
    JobMemoryError,
    JobTimedOutError,
    RetriesExhaustedError,
    restored,
)
from tinct.errors.generate import (
    ForeignModelError,
    GenerationRefusedError,
    GeneratorAnswerError,
    GeneratorAwayError,
    GeneratorError,
    NoGeneratorError,
    PickledModelError,
    PromptTooLongError,
    TruncatedModelError,
)
from tinct.errors.photo import (
    BrokenPhotoError,
    EmptyPhotoError,
    PhotoError,
    PhotoFramesError,
    PhotoLimitError,
    PhotoMissingError,
    PhotoModeError,
    SmallPhotoError,
    UnsafePhotoError,
    UnsafeResultError,
    UnsupportedPhotoError,
)
from tinct.errors.service import (
    AccountError,
    CallbackMissingError,
    CreditError,
    CrossSiteError,
    EffectRefusedError,
    FetchError,
    IdempotencyError,
    JobDeletedError,
    JobError,
    JobMissingError,
    JobTooLongError,
    JobUnfinishedError,
    KeyRefusedError,
    LookMissingError,
    NoWorkerError,
    OversizeUrlError,
    PromptHookError,
    QueueFullError,
    RateLimitError,
    RefusedUrlError,
    UnreachableUrlError,
    UnsafePromptError,
)
from tinct.errors.storage import (
    BlobKeyError,
    BucketExistsError,
    BucketMissingError,
    BucketNameError,
    BucketNotEmptyError,
    DigestError,
    FileExpiredError,
    FileMissingError,
    FileNotSentError,
    LinkError,
    LinkExpiredError,
    MultipartMissingError,
    ObjectKeyError,
    ObjectMissingError,
    PartError,
    PartMissingError,
    PartOrderError,
    PartSizeError,
    StorageAwayError,
    StorageError,
    StorageFullError,
    UploadClosedError,
    UploadLimitError,
)

__all__ = [
    "AbandonedError",
    "AccountError",
    "BaldError",
    "BlobKeyError",
    "BrokenClipError",
    "BrokenPhotoError",
    "BucketExistsError",
    "BucketMissingError",
    "BucketNameError",
    "BucketNotEmptyError",
    "CallbackMissingError",
    "ClipError",
    "ClipLimitError",
    "ClipLookError",
    "ClipMissingError",
    "ColorMapError",
    "ColorMapMissingError",
    "CreditError",
    "CrossSiteError",
    "DamagedModelError",
    "DatabaseError",
    "DigestError",
    "EffectRefusedError",
    "EmptyClipError",
    "EmptyPhotoError",
    "EyeClosedError",
    "EyeCoveredError",
    "FaceAngleError",
    "FaceCoveredError",
    "FaceCutError",
    "FaceError",
    "FacesUnlikeError",
    "FetchError",
    "FileExpiredError",
    "FileMissingError",
    "FileNotSentError",
    "ForeignModelError",
    "GenerationRefusedError",
    "GeneratorAnswerError",
    "GeneratorAwayError",
    "GeneratorError",
    "HairError",
    "HairTooShortError",
    "IdempotencyError",
    "InputGoneError",
    "InputNotSentError",
    "InternalError",
    "JobCancelledError",
    "JobDeletedError",
    "JobError",
    "JobFailedError",
    "JobMemoryError",
    "JobMissingError",
    "JobTimedOutError",
    "JobTooLongError",
    "JobUnfinishedError",
    "KeyRefusedError",
    "LinkError",
    "LinkExpiredError",
    "LipCoveredError",
    "LookMissingError",
    "MissingModelError",
    "ModelError",
    "ModelLicenceError",
    "ModelMemoryError",
    "MultipartMissingError",
    "NoFaceError",
    "NoGeneratorError",
    "NoPictureError",
    "NoShoulderError",
    "NoWorkerError",
    "ObjectKeyError",
    "ObjectMissingError",
    "OutputError",
    "OversizeUrlError",
    "ParameterError",
    "PartError",
    "PartMissingError",
    "PartOrderError",
    "PartSizeError",
    "PhotoError",
    "PhotoFramesError",
    "PhotoLimitError",
    "PhotoMissingError",
    "PhotoModeError",
    "PickledModelError",
    "PromptHookError",
    "PromptTooLongError",
    "QueueFullError",
    "RateLimitError",
    "ReferenceEyeClosedError",
    "ReferenceEyeCoveredError",
    "ReferenceFaceAngleError",
    "ReferenceFaceError",
    "ReferenceLipCoveredError",
    "ReferenceNoFaceError",
    "ReferenceSmallFaceError",
    "RefusedUrlError",
    "RetriesExhaustedError",
    "SeveralFacesError",
    "SmallFaceError",
    "SmallPhotoError",
    "StorageAwayError",
    "StorageError",
    "StorageFullError",
    "TinctError",
    "TruncatedModelError",
    "UnreachableUrlError",
    "UnsafePhotoError",
    "UnsafePromptError",
    "UnsafeResultError",
    "UnsupportedClipError",
    "UnsupportedPhotoError",
    "UploadClosedError",
    "UploadLimitError",
    "restored",
]
