"""Plans made of goals before anything runs."""
