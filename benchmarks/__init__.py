"""One command a figure: every number in the documentation comes from here.

Most need the extra ``bench`` (``pip install -e ".[bench]"``), some ``server``, ``dev`` or ``train``; one that lacks a
package ends with a sentence that says which.
"""

from __future__ import annotations

import sys
from types import TracebackType

from tinct import extras

__all__: list[str] = []

_PACKAGES = {
    "color_matcher": "color-matcher",
    "onnxscript": "onnxscript",
    "qcloud_cos": "cos-python-sdk-v5",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
}
"""What is imported -> what is installed, where the names differ."""


def _say_what_is_lacking(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """The last word on an error of a benchmark."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        name = error.name.partition(".")[0]
        package = _PACKAGES.get(name, name)
        extra = extras.bringing(package)
        if extra is not None:
            print(
                f'benchmarks: {package} is not installed; run: pip install -e ".[{extra}]"', file=sys.stderr
            )
            return
    _before(kind, error, trace)


_before = sys.excepthook
sys.excepthook = _say_what_is_lacking
