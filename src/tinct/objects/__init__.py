"""The object store: buckets, objects, uploads in parts and listings, with the semantics that S3 made usual."""
