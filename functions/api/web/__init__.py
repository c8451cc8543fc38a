"""What every request passes: inputs, errors, security headers, probes and the API's document."""
