"""The audit: what is left of a network's accuracy under attack, and whether a defence is real or a masked gradient."""
