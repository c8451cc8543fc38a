"""analyses → average: the function `average`. No pandas, so that it starts fast."""
