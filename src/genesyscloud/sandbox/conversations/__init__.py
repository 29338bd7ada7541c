"""Conversations: one record of each, from which everything that the API says of it is derived.

:mod:`.record` is the record, :mod:`.changes` what can happen to it, :mod:`.book` where the records are,
:mod:`.acd` who gets them; :mod:`.rest` and :mod:`.details` are what clients see of them.
"""
