"""Is one network more robust than another, and how sure can one be? Arrays in, verdicts out; no file is read here."""
