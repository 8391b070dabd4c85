"""Figures for the notebooks. matplotlib is imported when a figure is asked for."""

from common.plots.images import confusion_matrix, curves, image_grid

__all__ = ["confusion_matrix", "curves", "image_grid"]
