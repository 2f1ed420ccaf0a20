"""Networks as they are deployed: the files they are written to, and how fast they run."""
