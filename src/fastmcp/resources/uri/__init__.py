"""URI templates (RFC 6570): expanding them, and matching URIs against them."""
