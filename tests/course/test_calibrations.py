"""The stored thresholds agree with the measurements stored with them, and with the expected order of networks."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import pytest

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
FILES = sorted(SOLUTIONS.glob("*/calibration.json"))
ENTRIES = [
    pytest.param(entry, id=f"{path.parent.name} {data} {key}")
    for path in FILES
    for data, table in json.loads(path.read_text()).items()
    for key, entry in table.items()
    if key not in ("made with", "search")
]


def entry(assignment: str, key: str, data: str = "scenes") -> dict[str, Any]:
    table: dict[str, Any] = json.loads((SOLUTIONS / assignment / "calibration.json").read_text())[data]
    return table[key]


@pytest.mark.parametrize("found", ENTRIES)
def test_a_threshold_is_four_deviations_from_the_reference_and_beyond_every_wrong_solution(
    found: dict[str, Any],
) -> None:
    sign = 1 if found["higher_is_better"] else -1
    values, threshold = found["reference"]["values"], sign * found["threshold"]
    assert len(values) >= 5
    assert sign * statistics.fmean(values) - 4 * statistics.stdev(values) >= threshold
    wrong = [sign * value for scores in found["wrong"].values() for value in scores]
    assert wrong
    assert max(wrong) < threshold


def test_two_stages_have_a_higher_map_than_one_on_every_seed() -> None:
    one, two = (
        entry("a10_detection", f"check_{stages}_stage_learns_scenes:mAP at IoU 0.5")["reference"]["values"]
        for stages in ("single", "two")
    )
    assert all(second > first for first, second in zip(one, two, strict=True))


@pytest.mark.parametrize(
    "name", ["check_deep_net_recognises_scenes:accuracy", "check_resnet_recognises_scenes:accuracy"]
)
def test_a_convolutional_net_is_well_above_the_multilayer_perceptron(name: str) -> None:
    perceptron = entry("a03_mlp", "check_two_layer_net_learns_scenes:accuracy")["reference"]["values"]
    assert entry("a04_cnn", name)["threshold"] > max(perceptron)


def test_thresholds_of_captioners_are_in_the_order_rnn_lstm_attention() -> None:
    thresholds = [
        entry("a05_captioning", f"check_{cell}_captioner_describes_scenes:parts right")["threshold"]
        for cell in ("rnn", "lstm", "attention")
    ]
    assert thresholds == sorted(thresholds)
    assert len(set(thresholds)) == 3
