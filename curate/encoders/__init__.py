"""Frozen encoders: from pictures to features."""
