"""What may still change from one version to the next."""
