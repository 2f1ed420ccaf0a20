"""What is found out about a trained network: its metrics, and the table of evaluations that the pipeline walks."""
