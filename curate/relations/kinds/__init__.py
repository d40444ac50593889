"""The kinds of graph that --graph names, a module for each."""
