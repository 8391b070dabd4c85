"""What check files are written with: the task mark, expectations, gradients, source rules, random inputs."""
