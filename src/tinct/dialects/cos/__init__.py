"""Tencent Cloud COS and its image colouring, as their SDKs speak it."""
