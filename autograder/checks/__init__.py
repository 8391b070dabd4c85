"""What check files are written with: the task mark, expectations, gradients, random inputs. For authors of checks."""
