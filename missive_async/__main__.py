"""The command line, as `python -m missive_async`."""

from missive_async.cli.app import main

if __name__ == "__main__":
    main()
