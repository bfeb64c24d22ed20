"""Weight files: one module per format and a registry; each reads without executing anything."""
