"""Recurrent layers Keras lacks, and sequence tasks built on them."""

__version__ = "0.1.0"
