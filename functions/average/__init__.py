"""analyses → average: the function `average`. No numpy, so that it starts fast."""
