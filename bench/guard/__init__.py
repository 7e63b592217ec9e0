"""The guard over logs of real trainings, which must raise no alarm, and over lives that went wrong."""
