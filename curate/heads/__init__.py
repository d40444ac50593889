"""Label-cleaning heads on frozen features, trained on verified and noisy rows; each its paper."""
