"""Assisted Setup: guides that ask step by step and change nothing before Finish."""
