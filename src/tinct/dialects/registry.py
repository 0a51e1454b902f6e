"""Every wire format, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from tinct.dialects.ailab.dialect import DIALECT as AILAB
from tinct.dialects.cos.dialect import DIALECT as COS
from tinct.dialects.dialect import Dialect
from tinct.dialects.native.dialect import DIALECT as NATIVE
from tinct.dialects.picma.dialect import DIALECT as PICMA
from tinct.dialects.youcam.dialect import DIALECTS as YOUCAM

__all__ = ["DIALECTS"]

DIALECTS: Sequence[Dialect] = (
    COS,
    AILAB,
    PICMA,
    *YOUCAM,
    NATIVE,  # the last: it answers what no other claims
)
