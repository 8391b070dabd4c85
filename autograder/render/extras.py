"""What a student sees of a failed check on demand, next to its message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Extra:
    """The input of a failed check as code, and a picture of what it compared; each may be empty."""

    code: str = ""
    picture: bytes = b""  # PNG


NO_EXTRAS: Mapping[str, Extra] = MappingProxyType({})  # check's id -> what is shown of it
