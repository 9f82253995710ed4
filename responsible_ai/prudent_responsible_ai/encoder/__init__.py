"""The checks' encoder on this machine: its card, how texts are cut for it, and how it is run."""
