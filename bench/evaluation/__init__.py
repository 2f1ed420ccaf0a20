"""Evaluation of a trained network: its metrics, and the table of evaluations that the pipeline walks."""
