"""What two effects need: strips, filters, colour maps, palettes, people, likelihoods. Knows no effect."""
