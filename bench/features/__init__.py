"""Features of a trained network for another task: a linear support vector machine on the output of one of its layers."""
