"""Figures for the notebooks, by subject. matplotlib is imported when a figure is drawn. For students.

Each figure has an alternative text, which says in words what it shows; screen readers read it.
"""

from common.plots.attention import attention_maps
from common.plots.confusion import confusion_matrix
from common.plots.curves import curves
from common.plots.figure import show
from common.plots.graphs import graph
from common.plots.grids import image_grid, pictures
from common.plots.tensors import broadcast_blocks, storage_strip

__all__ = [
    "attention_maps",
    "broadcast_blocks",
    "confusion_matrix",
    "curves",
    "graph",
    "image_grid",
    "pictures",
    "show",
    "storage_strip",
]
