"""From the API definition to what the package ships: the catalog and the type stubs.

Used by the build backend's hook and by ``python -m genesyscloud.build``; nothing here is imported at run
time, except by commands that work on definitions.
"""
