"""Which points of the mesh are which. Numbers of MediaPipe's face mesh (Apache-2.0); sides are the subject's.

Rings are in order, so that they can be filled as polygons.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "BROWS",
    "CHEEKS",
    "EYES",
    "IRISES",
    "LEFT_EYE_PATCH",
    "LEFT_EYE_RING",
    "LIPS_PATCH",
    "LIPS_RING",
    "MOUTH_RING",
    "OVAL_RING",
    "RIGHT_EYE_PATCH",
    "RIGHT_EYE_RING",
    "UPPER_LIDS",
]

# fmt: off
OVAL_RING: Final = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
]
LIPS_RING: Final = [
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
]
MOUTH_RING: Final = [
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
]
RIGHT_EYE_RING: Final = [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246]
LEFT_EYE_RING: Final = [263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466]
RIGHT_BROW_RING: Final = [70, 63, 105, 66, 107, 55, 65, 52, 53, 46]
LEFT_BROW_RING: Final = [300, 293, 334, 296, 336, 285, 295, 282, 283, 276]

LIPS_PATCH: Final = [
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
    62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
]
"""The points that the network's branch for lips gives, in its order."""
RIGHT_EYE_PATCH: Final = [
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24, 23, 22, 26, 112,
    243, 247, 30, 29, 27, 28, 56, 190, 226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189,
    35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
]
"""The same for the subject's right eye."""
LEFT_EYE_PATCH: Final = [
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339, 254, 253, 252, 256,
    341, 463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442,
    441, 413, 265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336,
    285, 417,
]
"""The same for the subject's left eye."""
# fmt: on

IRISES: Final = (slice(468, 473), slice(473, 478))
"""The irises, right and left: centre, then four points of the rim."""
EYES: Final = (RIGHT_EYE_RING, LEFT_EYE_RING)
UPPER_LIDS: Final = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 221, 222, 223, 224, 225, 113),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 441, 442, 443, 444, 445, 342),
)
"""Between the upper lashes and the brow's edge, right and left."""
CHEEKS: Final = ((50, 205, 101), (280, 425, 330))
"""Points whose middle is that of the cheek."""
BROWS: Final = (RIGHT_BROW_RING, LEFT_BROW_RING)
