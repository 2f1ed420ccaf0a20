"""The version of the training's numbers.

Raise it, and name the change in CHANGELOG.md, when the same run no longer ends in the same weights: after a change of the
loop, the optimiser, the augmentation, an architecture, a method or the decoding of images. Networks of two versions are
not compared. tests/training/test_version.py fails where a number changed and this did not.
"""

TRAINING = 1
