"""The figures of a report: each a function of a comparison group."""
