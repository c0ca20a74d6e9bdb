"""Handbill: Customer.io's tools for agents, scripts and people, on your own machine."""

__version__ = "0.1.0"
