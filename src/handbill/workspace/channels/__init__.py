"""The ways out of the workspace: a message goes in, a receipt comes back."""
