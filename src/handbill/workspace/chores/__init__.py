"""Chores: what is done beside the sending, by one process of the workspace at a time."""
