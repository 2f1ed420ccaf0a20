"""How a network is compressed, regularised or defended."""
