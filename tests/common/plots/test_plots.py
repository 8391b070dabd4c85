"""Figures: one picture, line or cell for each image, name or pair, and sentences for wrong input."""

import pytest
import torch

from common.plots import attention_maps, confusion_matrix, curves, image_grid, pictures


def test_an_image_grid_has_a_picture_for_each_image():
    figure = image_grid(torch.rand(7, 3, 8, 6), [str(n) for n in range(7)], columns=3)
    assert [axes.get_title() for axes in figure.axes] == [str(n) for n in range(7)]
    assert figure.axes[0].images[0].get_array().shape == (8, 6, 3)
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_grey_and_byte_images_can_be_shown():
    figure = image_grid(torch.full((2, 1, 4, 4), 255, dtype=torch.uint8))
    assert figure.axes[1].images[0].get_array().min() == 1


@pytest.mark.parametrize("images", [torch.rand(3, 8, 8), torch.rand(1, 2, 8, 8), torch.rand(0, 3, 8, 8)])
def test_wrong_shapes_of_images_are_refused(images):
    with pytest.raises(ValueError, match="image_grid shows images of shape"):
        image_grid(images)


def test_titles_must_match_the_images():
    with pytest.raises(ValueError, match="2 images and 1 titles"):
        image_grid(torch.rand(2, 3, 4, 4), ["one"])


def test_curves_draw_a_line_for_each_name():
    figure = curves({"train": [3.0, 2.0, 1.0], "validation": torch.tensor([3.0, 2.5, 2.0])}, ylabel="loss")
    (axes,) = figure.axes
    assert [line.get_label() for line in axes.lines] == ["train", "validation"]
    assert axes.lines[1].get_ydata().tolist() == [3.0, 2.5, 2.0]
    assert axes.get_ylabel() == "loss"


def test_a_confusion_matrix_counts_pairs():
    figure = confusion_matrix(torch.tensor([0, 0, 1, 2]), torch.tensor([0, 1, 1, 2]), ["cat", "dog", "owl"])
    (axes,) = figure.axes
    assert axes.images[0].get_array().tolist() == [[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]]
    assert sorted(text.get_text() for text in axes.texts) == ["1", "1", "1", "1"]


def test_a_confusion_matrix_refuses_labels_without_a_name():
    with pytest.raises(ValueError, match="from 0 to 3, but class_names names 2"):
        confusion_matrix(torch.tensor([0, 3]), torch.tensor([0, 1]), ["cat", "dog"])


def test_captions_and_maps_are_drawn():
    images = torch.rand(3, 3, 16, 16)
    figure = pictures(images, ["a red disc"] * 3)
    assert len(figure.axes) == 3
    assert figure._repr_png_().startswith(b"\x89PNG")
    maps = attention_maps(images[0], ["a", "red", "disc"], torch.rand(5, 2, 2).softmax(1))
    assert len(maps.axes) == 3
    with pytest.raises(ValueError, match="one caption per image"):
        pictures(images, ["a red disc"])
