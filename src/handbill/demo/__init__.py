"""The demo: a small invented shop with a thousand customers, and the round that is made through its workspace."""
