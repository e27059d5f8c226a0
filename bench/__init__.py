"""What nights cost, how right we are beside named peers, how fast and how far: `make bench`."""
