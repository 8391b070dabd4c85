"""Honest but messy hand-ins, made from the clean ones by recipes, so that no solution is copied.

A recipe is a function that takes the clean files of an assignment and returns a hand-in, with what it costs.
"""

from __future__ import annotations

from tests.golden.honest import cells, damage, habits, imports, modules, names, scripts, tools, top_level
from tests.golden.honest.hand_in import Recipe

RECIPES: dict[str, Recipe] = {}
for _theme in (imports, top_level, cells, damage, scripts, names, modules, habits, tools):
    for _name, _recipe in _theme.RECIPES.items():
        RECIPES[f"{_theme.__name__.rpartition('.')[2]}: {_name}"] = _recipe
