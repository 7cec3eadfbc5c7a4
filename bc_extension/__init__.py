"""The Business Central side: an AL extension, written from the data that the sandbox speaks by."""
