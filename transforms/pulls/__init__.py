"""What is asked of systems' APIs, and how their answers are taken: pure, without a network."""
