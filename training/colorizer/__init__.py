"""The colorizer: luminance in, a distribution over chroma out."""
