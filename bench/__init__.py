"""Train, compress, attack and answer: is a compressed network robust, or does it only look so?"""

__version__ = "0.1.0"
