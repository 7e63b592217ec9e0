"""`[projects.<name>]`: the section itself, its parameters, and its command."""
