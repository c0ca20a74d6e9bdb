"""The engine: from an accepted trigger to a settled one. It knows neither HTTP nor SQL.

`needs.py` says what it asks for, `broadcast.py` is the staircase, `dispatcher.py` its last steps for one channel,
`worker.py` the loop around both.
"""
