"""Solving symmetric positive definite systems again and again, by an inverse that is found by Cholesky's method."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Solver", "solver"]

Array = NDArray[np.float32]
Solver = Callable[[Array], Array]


def solver(system: Array) -> Solver:
    """A function that solves ``system @ x = right`` for any right side (n, c).

    Parameters
    ----------
    system : ndarray, (n, n), float32
        Symmetric and positive definite.

    Raises
    ------
    numpy.linalg.LinAlgError
        It is not positive definite.
    """
    found, inverse = cv2.invert(system, flags=cv2.DECOMP_CHOLESKY)
    if not found:
        raise np.linalg.LinAlgError("the system is not positive definite")
    return lambda right: np.asarray(inverse @ right, np.float32)
