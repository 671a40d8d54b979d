"""Run the command line: ``python -m toolkit``."""

from toolkit.cli.commands import main

if __name__ == "__main__":
    main(prog_name="toolkit")
