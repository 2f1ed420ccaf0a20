"""The figures of a report: each is a function of a comparison group."""
