"""The kit for check files: task mark, expectations, comparisons, gradients, random inputs. For authors of checks."""
