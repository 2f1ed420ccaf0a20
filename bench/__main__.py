"""The command ``bench``, and ``python -m bench``."""

from __future__ import annotations

import sys


def start() -> None:
    """Run the command line; end with 130 where Ctrl-C comes while it is still imported."""
    try:
        from bench.cli.main import main
    except KeyboardInterrupt:
        print("interrupted: nothing was started", file=sys.stderr)
        sys.exit(130)
    main(prog_name="bench")


if __name__ == "__main__":
    start()
