"""From a spec to its records: one run, and many."""
