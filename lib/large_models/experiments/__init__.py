"""What is run once, and shipped: training the weights, and the comparisons the chapters show."""
