"""Multi-step tasks with checkers, their mock backends, and agents to set them. Runs nothing itself."""
