"""Networks trained on ImageNet: their architectures, weights and class names."""
