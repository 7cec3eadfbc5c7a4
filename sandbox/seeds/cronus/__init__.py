"""CRONUS International Ltd.: the same believable data after every reset."""
