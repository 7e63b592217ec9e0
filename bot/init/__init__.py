"""`signalbox init`: a project's section of config.toml, written from its repository."""
