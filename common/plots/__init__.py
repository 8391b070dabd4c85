"""Figures for the notebooks, by subject. matplotlib is imported when a figure is drawn. For students."""

from common.plots.attention import attention_maps
from common.plots.confusion import confusion_matrix
from common.plots.curves import curves
from common.plots.grids import image_grid, pictures

__all__ = ["attention_maps", "confusion_matrix", "curves", "image_grid", "pictures"]
