"""Runs again from their journal, with no model and no tool."""
