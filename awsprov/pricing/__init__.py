"""What a stack costs: the price table, AWS's price list, and the estimate."""
