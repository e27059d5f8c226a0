"""What a plan starts from: stock, deliveries on the way, terms of ordering, prices, weekdays."""
