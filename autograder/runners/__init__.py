"""Ways to run grader processes: on this machine, on a Dask cluster, on SLURM. For instructors and maintainers."""
