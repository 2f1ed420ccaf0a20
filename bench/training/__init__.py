"""The network, its training state, the loop, checkpoints and the TensorFlow that runs them."""
