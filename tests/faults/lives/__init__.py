"""Random lives of jobs, judged by what the machines really did."""
