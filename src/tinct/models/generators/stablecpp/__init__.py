"""Stable Diffusion 1 by the library stable-diffusion.cpp: one file that an operator brought."""
