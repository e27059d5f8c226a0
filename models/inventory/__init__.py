"""What to order: from forecasts and stock to reorder points, orders and stock-out dates."""
