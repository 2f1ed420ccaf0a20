"""The report: figures, tables and pages from records. Nothing here imports TensorFlow."""
