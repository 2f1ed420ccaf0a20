"""TensorFlow, set up once for the tests of this folder."""

from bench.training import runtime

runtime.prepare()
