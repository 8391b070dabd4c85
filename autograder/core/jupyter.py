"""Packages of Jupyter, imported without the parsers of addresses that one of them builds and nothing here uses."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

_PARSERS = "rfc3987_syntax"  # jsonschema imports it if it is there; no format of a notebook needs it


def load_package(package: str) -> Any:
    """Import a package, such as nbformat, which takes a second of processor time otherwise. Raises ImportError."""
    blocked = _PARSERS not in sys.modules
    if blocked:
        sys.modules[_PARSERS] = None  # type: ignore[assignment]  # an import of it raises ImportError now
    try:
        return import_module(package)
    finally:
        if blocked:
            sys.modules.pop(_PARSERS, None)
