"""Wire formats. Each maps a request to an order and a job to a reply; nothing more."""
