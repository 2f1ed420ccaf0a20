"""What ``bench doctor`` looks at: the software, the machine, the folders, and a small run from start to end."""
