"""The person segmenter: a small network taught by MediaPipe's selfie segmentation (Apache-2.0)."""
