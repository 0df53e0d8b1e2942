"""Music: one reader a format, all of which yield pieces on a grid of time steps."""
