"""Bounds that no attack can break: certified accuracy from below beside attacked accuracy from above."""
