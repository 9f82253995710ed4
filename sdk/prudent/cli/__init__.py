"""The command line, one file per noun. It has no logic that the Python API lacks.

Data goes to stdout, everything else to stderr. A command module is imported when its command is called,
so that `prudent --help` costs what typer costs.
"""
