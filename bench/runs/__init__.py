"""Runs: one from its settings to its records, and many as a sweep."""
