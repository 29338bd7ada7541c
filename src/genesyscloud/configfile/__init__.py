"""Configuration files: where they are, what they may say, and noticing when they change.

Nothing here is loaded before a client finds a file to read.
"""
