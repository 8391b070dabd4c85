"""Read the pickles of official archives without running any code in them.

A pickle can call any function by name. This reader knows three names, all of NumPy, and calls substitutes for them: the
result has only bytes, text, numbers, containers, and arrays of uint8 built here from checked sizes.
"""

from __future__ import annotations

import io
import math
import pickle
from typing import Any

import numpy as np
from numpy.typing import NDArray


class _Dtype:
    """A substitute for numpy.dtype: stores the name of the type."""

    def __init__(self, name: Any, *options: Any) -> None:
        self.name = name.decode("latin-1") if isinstance(name, bytes) else name

    def __setstate__(self, state: Any) -> None:
        """Ignore the byte order, which single bytes do not have."""


class _Array:
    """A substitute for numpy.ndarray: its content arrives later and is checked then."""

    value: NDArray[np.uint8]

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, content = state
        if not isinstance(dtype, _Dtype) or dtype.name not in ("u1", "|u1"):
            raise pickle.UnpicklingError("it has an array that is not of unsigned bytes")
        if fortran or math.prod(shape) != len(content):
            raise pickle.UnpicklingError(f"it has an array of shape {shape} with {len(content)} bytes")
        self.value = np.frombuffer(content, np.uint8).reshape(shape)


def _reconstruct(kind: Any, shape: Any, code: Any) -> _Array:
    return _Array()


KNOWN = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in KNOWN:
            return KNOWN[module, name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no data file needs")


def read_pickle(content: bytes) -> dict[Any, Any]:
    """Read the dictionary in a pickle made by Python 2 or 3, its arrays as uint8 ndarrays.

    Raises pickle.UnpicklingError on anything damaged or not allowed.
    """
    try:
        found = _Reader(io.BytesIO(content), encoding="bytes").load()
        if not isinstance(found, dict):
            raise pickle.UnpicklingError("it is not a dictionary")
        return {key: value.value if isinstance(value, _Array) else value for key, value in found.items()}
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        raise pickle.UnpicklingError(f"it is damaged ({type(error).__name__}: {error})") from error
