"""A run as a value: settings, limits, pruning schedule, ranks."""
