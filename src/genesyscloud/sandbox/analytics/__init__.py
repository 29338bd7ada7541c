"""What can be asked about conversations and users: the questions of the analytics API over the records themselves.

:mod:`.intervals` is about time, :mod:`.predicates` about filters; :mod:`.search` finds conversations,
:mod:`.aggregates` adds up their metrics, :mod:`.observations` says what is going on now, :mod:`.people` how users spent
their time.
"""
