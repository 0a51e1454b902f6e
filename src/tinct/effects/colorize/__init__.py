"""Black-and-white to colour: a small network guesses chroma, the photo keeps its luminance."""
