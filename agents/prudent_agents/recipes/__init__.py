"""Recipes: agents without Python. The format, the checker and what runs it; see docs/recipes.md."""

from __future__ import annotations

from prudent_agents.recipes.problems import Problem, RecipeError
from prudent_agents.recipes.recipe import Recipe, RecipeRun, find_recipe, gallery

__all__ = ["Problem", "Recipe", "RecipeError", "RecipeRun", "find_recipe", "gallery"]
