"""Comparison of networks: groups, paired statistics, verdicts and findings."""
