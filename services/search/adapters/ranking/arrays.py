"""The kinds of arrays that the ranking works with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
# Rows of length 1 or 0.
Vectors = npt.NDArray[np.float32]
