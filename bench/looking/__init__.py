"""What a trained network looks at: saliency maps and how far two networks' maps agree; pictures of a class."""
