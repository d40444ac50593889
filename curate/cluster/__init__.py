"""The engines that run shards on the machines of a cluster."""
