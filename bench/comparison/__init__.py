"""Is one network more robust than another, and how sure can one be? Groups of networks in, verdicts out."""
