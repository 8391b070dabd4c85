"""Figures: one picture, line or cell for each image, name or pair, and sentences for wrong input."""

import pytest
import torch
from matplotlib.axes import Axes

from common.plots import attention_maps, confusion_matrix, curves, image_grid, pictures, show
from common.plots.boxes import Layer, box_figure, precision_recall_figure


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


def test_frames_tell_right_from_wrong_by_colour_and_by_line():
    figure = image_grid(torch.rand(3, 3, 4, 4), right=[None, True, False])
    none, right, wrong = figure.axes
    assert not none.axison
    assert right.spines["top"].get_linestyle() != wrong.spines["top"].get_linestyle()
    assert right.spines["top"].get_edgecolor() != wrong.spines["top"].get_edgecolor()
    with pytest.raises(ValueError, match="`right` has 1 entries"):
        image_grid(torch.rand(2, 3, 4, 4), right=[True])


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


def test_the_largest_share_of_a_confusion_matrix_has_the_darkest_colour():
    figure = confusion_matrix(torch.tensor([0, 0, 1, 1, 1]), torch.tensor([0, 1, 0, 1, 2]), ["cat", "dog", "owl"])
    assert figure.axes[0].images[0].get_clim() == (0, 0.5)
    assert confusion_matrix(torch.tensor([]), torch.tensor([]), ["cat"]).axes[0].images[0].get_clim()[1] > 0


def test_a_confusion_matrix_refuses_labels_without_a_name():
    with pytest.raises(ValueError, match="from 0 to 3, but class_names names 2"):
        confusion_matrix(torch.tensor([0, 3]), torch.tensor([0, 1]), ["cat", "dog"])


def test_every_figure_says_in_words_what_it_shows():
    image = torch.rand(2, 3, 8, 8)
    figures = {
        "2 images in rows of 2: cat (right); dog (wrong).": image_grid(image, ["cat", "dog"], right=[True, False]),
        "One image.": image_grid(image[:1]),
        "2 images in rows of 2: 2 times drawn.": image_grid(image, ["drawn"] * 2),
        "2 images in rows of 2: ring.": image_grid(image, ["ring", ""]),
        "2 images in rows of 1: a red disc; a ring.": pictures(image, ["a red disc", "a ring"], columns=1),
        "Two noisy pictures.": image_grid(image, alt="Two noisy pictures."),
        "loss over iteration: train from 3 to 1.25.": curves({"train": [3.0, 2.0, 1.25]}, ylabel="loss"),
        "Confusion matrix. Classified correctly: cat 1 of 2, dog 0 of 0.": confusion_matrix(
            torch.tensor([0, 0]), torch.tensor([0, 1]), ["cat", "dog"]
        ),
        "Where the attention is highest before each word, in a grid of 2 x 2: red: row 2, column 1.": attention_maps(
            image[0], ["red"], torch.tensor([[[0.1, 0.2], [0.6, 0.1]]])
        ),
    }
    assert {figure.alt for figure in figures.values()} == set(figures)


def test_a_figure_shows_its_alternative_text_in_a_notebook(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    curves({'"loss" < 1': [1.0, 0.5]})._ipython_display_()
    (bundle,) = shown
    assert bundle["text/html"].startswith('<img alt="Curves over iteration: &quot;loss&quot; &lt; 1 from 1 to 0.5."')
    assert bundle["text/plain"] == 'Curves over iteration: "loss" < 1 from 1 to 0.5.'


def test_a_figure_of_pyplot_is_shown_with_its_text_and_closed(monkeypatch):
    import matplotlib.pyplot as plt

    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle["text/plain"]))
    monkeypatch.setattr(plt, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    number = plt.figure(figsize=(1, 1)).number
    show("Two lines that cross.")
    assert shown == ["Two lines that cross."]
    assert not plt.fignum_exists(number)


def test_curves_are_drawn_over_given_numbers():
    (line,) = curves({"a": torch.tensor([3.0, 1.0])}, x=torch.tensor([0.5, 0.75])).axes[0].lines
    assert list(line.get_xdata()) == [0.5, 0.75]


def test_lines_differ_in_style_as_well_as_in_colour():
    lines = curves({"a": [1.0, 2.0], "b": [2.0, 1.0]}).axes[0].lines
    assert lines[0].get_linestyle() != lines[1].get_linestyle()


def test_six_lines_have_six_patterns_of_dashes(monkeypatch):
    drawn, plot = [], Axes.plot

    def record(axes, *values, linestyle, **options):
        drawn.append(linestyle)
        return plot(axes, *values, linestyle=linestyle, **options)

    monkeypatch.setattr(Axes, "plot", record)
    curves({name: torch.arange(40) for name in "abcdef"})
    assert len(set(drawn)) == 6


def test_lines_of_precision_over_recall_differ_in_style_as_well_as_in_colour():
    line = (torch.tensor([0.5, 1.0]), torch.tensor([1.0, 0.6]))
    lines = precision_recall_figure({"ring": line, "nothing": (line[0][:0], line[1][:0]), "cross": line}).axes[0].lines
    assert [(line.get_label(), line.get_linestyle()) for line in lines] == [("ring", "-"), ("cross", "-.")]
    assert len({line.get_color() for line in lines}) == 2


def test_layers_of_boxes_differ_in_style_as_well_as_in_colour_and_are_named():
    layers = [Layer(torch.tensor([[0, 0, 9, 9], [20, 20, 31, 31.0]]), "white", ["disc", "ring"])]
    layers += [Layer(torch.tensor([[1, 0, 9, 8.0]]), "red", ["disc 0.9"])]
    figure = box_figure(torch.rand(2, 3, 32, 32), [layers, []], titles=["AP 1", "AP 0"])
    assert figure.alt == (
        "2 images in rows of 2: AP 1, 2 white boxes (disc, ring), 1 red box (disc 0.9); AP 0, no boxes."
    )
    frames = sorted(figure.axes[0].patches, key=lambda frame: -frame.zorder)
    assert len({str(frame.get_linestyle()) for frame in frames}) == 2
    assert [frame.get_edgecolor()[:3] for frame in frames] == [(1, 1, 1), (1, 1, 1), (1, 0, 0)]  # the first is on top


def test_texts_of_boxes_are_inside_of_the_image_and_readable():
    boxes = torch.tensor([[-3, -2, 9, 9], [24, 20, 35, 35.0]])
    figure = box_figure(
        torch.rand(1, 3, 32, 32), [[Layer(boxes, "white", ["a", "b"]), Layer(boxes, "red", ["c", "d"])]]
    )
    texts = figure.axes[0].texts
    assert [text.get_position() for text in texts] == [(0, 0), (32, 20), (0, 9), (32, 32)]
    assert [text.get_va() for text in texts] == ["top", "bottom", "top", "bottom"]
    assert [text.get_ha() for text in texts] == ["left", "right"] * 2
    assert [text.get_color() for text in texts] == ["black", "black", "white", "white"]


def test_captions_and_maps_are_drawn():
    images = torch.rand(3, 3, 16, 16)
    figure = pictures(images, ["a red disc"] * 3)
    assert len(figure.axes) == 3
    assert figure._repr_png_().startswith(b"\x89PNG")
    maps = attention_maps(images[0], ["a", "red", "disc"], torch.rand(5, 2, 2).softmax(1))
    assert len(maps.axes) == 3
    with pytest.raises(ValueError, match="one caption per image"):
        pictures(images, ["a red disc"])
