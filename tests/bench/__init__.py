"""Speeds, as ratios to limits that are measured in the same run. Never a test: machines are shared and noisy."""
