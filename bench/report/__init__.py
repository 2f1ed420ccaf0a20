"""Records in, figures, tables and pages out: nothing here imports TensorFlow."""
