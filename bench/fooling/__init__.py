"""Fooling images: the smallest change that gives a network another answer, and whether it fools other networks too."""
