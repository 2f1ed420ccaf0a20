"""The audit of a trained network: what is really left of its accuracy under attack, and how sure that is."""
