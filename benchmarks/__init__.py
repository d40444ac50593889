"""What is measured, and against whom: programs that print a table and write the same as JSON.

    python -m benchmarks.detection CRAWL TRUTH --embeddings FEATURES.npy

They need the group `bench` (pip install --group bench). No part of the package that is installed.
"""
