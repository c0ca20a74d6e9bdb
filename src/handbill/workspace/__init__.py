"""The embedded workspace: serves the contract on a database of its own. `app.py` is the door, `engine/` the heart."""
