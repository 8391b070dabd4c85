"""What students import: data, networks, training loops, plots, and fallbacks for earlier assignments' work.

A module that moved also has its old name, for hand-ins written before the move: `common.solver` is
`common.training.solver`.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {  # name before version 0.2 -> name now, both below `common`
    "backbone": "nets.backbone",
    "box_plots": "plots.boxes",
    "captioning": "training.captioning",
    "checkpoint": "training.checkpoint",
    "contrastive": "nets.contrastive",
    "convs": "nets.convs",
    "detection": "nets.detection",
    "earlier": "fallbacks",
    "embedding": "plots.embedding",
    "image_encoder": "nets.image_encoder",
    "labels": "training.labels",
    "losses": "training.losses",
    "recogniser": "nets.classifier",
    "seed": "training.seed",
    "solver": "training.solver",
}


def current_name(path: str) -> str:
    """Return the dotted path with a module's new name: "common.nets.convs.FastConv" for "common.convs.FastConv"."""
    package, _, rest = path.partition(".")
    module, dot, member = rest.partition(".")
    return f"common.{MOVED[module]}{dot}{member}" if package == "common" and module in MOVED else path


class _MovedModules(MetaPathFinder, Loader):
    """Import a moved module by its old name: the same module object, not a copy."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if current_name(fullname) != fullname else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(current_name(spec.name))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state  # the import has replaced it by the old name's


sys.meta_path.insert(0, _MovedModules())
