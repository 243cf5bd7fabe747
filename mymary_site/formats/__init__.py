"""How dates are written, a folder for each language: what FORMAT_MODULE_PATH names."""
