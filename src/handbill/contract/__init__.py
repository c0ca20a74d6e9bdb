"""Customer.io's HTTP API as data: each endpoint with its path, what it takes, what it answers and how it fails.

`app/` holds the App API, one file per resource; `track.py` the Track API. The client calls these endpoints, the
workspace serves them. Read `endpoint.py` next.
"""
