"""Pictures of jobs (`curves`) and sweeps (`boards`), drawn by matplotlib. Only the drawing process imports it."""
