"""Files of conversations in our format and in those of others, one record at a time (docs/datasets.md).

source → reading (with one module for each format) → conversion, inspection or stats. No Django; training.finetune
knows nothing of this package.
"""
