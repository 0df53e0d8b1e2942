"""Music: one to many, a piece from nothing, from a number or from its first notes."""
