"""`python -m prudent`: the command line where its script is not on the path."""

from prudent.cli.main import main

if __name__ == "__main__":
    main()
