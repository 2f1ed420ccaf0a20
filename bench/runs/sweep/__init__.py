"""Many runs: from a grid to its records, on one machine or several, safe to interrupt."""
