"""What a server asks of its client in the middle of a request: elicitation, sampling, roots."""
