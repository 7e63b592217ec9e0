"""Pictures of metrics and of sweeps, drawn by matplotlib; imported in the drawing process alone."""
