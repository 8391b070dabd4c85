"""Import a submission's files from memory, under flat names.

No file is written to disk; tracebacks, `inspect.getsource` and debuggers get the lines from the loader.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType


class SourceLoader(InspectLoader):
    """Loads one module from a string."""

    def __init__(self, filename: str, source: str) -> None:
        self.filename, self.source = filename, source

    def get_source(self, fullname: str) -> str:
        return self.source

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self.filename
        exec(compile(self.source, self.filename, "exec"), module.__dict__)


class SubmissionFinder(MetaPathFinder):
    """Finds ``{"knn.py": source}`` as the module knn, before any installed module of that name."""

    def __init__(self, files: Mapping[str, str], filenames: Mapping[str, str] | None = None) -> None:
        names = filenames or {}
        self.loaders = {
            name.removesuffix(".py"): SourceLoader(names.get(name, name), source) for name, source in files.items()
        }

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        loader = self.loaders.get(fullname)
        return None if loader is None else spec_from_loader(fullname, loader, origin=loader.filename)

    def install(self) -> None:
        """Put this finder first and remove modules of these names that were imported before."""
        sys.meta_path.insert(0, self)
        self._forget()

    def uninstall(self) -> None:
        """Undo install."""
        sys.meta_path.remove(self)
        self._forget()

    def _forget(self) -> None:
        for name, loader in self.loaders.items():
            sys.modules.pop(name, None)
            linecache.cache.pop(loader.filename, None)  # the next submission has other lines
