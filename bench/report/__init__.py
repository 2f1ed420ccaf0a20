"""Records in, figures out: nothing here imports TensorFlow."""
