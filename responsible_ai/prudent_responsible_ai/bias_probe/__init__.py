"""Counterfactual probes: a text with its protected attribute swapped, and two answers compared."""
