"""What `awsprov help TOPIC` prints, where it is not made from the code."""
