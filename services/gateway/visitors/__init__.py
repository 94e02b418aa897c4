"""Who asks: read from a request once, and the signed values that visitors bring back."""
