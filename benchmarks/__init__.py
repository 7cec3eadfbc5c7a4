"""Measures what the engine costs, against the budgets of the house and other clients."""
