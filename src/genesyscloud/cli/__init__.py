"""The command ``genesyscloud``."""
