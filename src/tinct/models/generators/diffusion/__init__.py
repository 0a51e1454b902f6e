"""Diffusion models by the library diffusers: a folder, or one safetensors file, that an operator brought."""
