"""Agents of prudent: the loop, plans and recipes come with their own issue; the package holds the place."""
