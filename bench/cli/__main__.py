"""``bench`` as a worker of a sweep starts it: the process ends when the worker does."""

from bench.cli.main import main
from bench.runs.sweep.worker import leash

leash()
main(prog_name="bench")
