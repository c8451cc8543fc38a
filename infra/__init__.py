"""The cluster: manifests by hand where a person decides, rendered from stack.yml where stack.yml already says it."""
