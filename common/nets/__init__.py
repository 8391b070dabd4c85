"""Given networks and layers: backbone, image encoder, classifier, parts of detectors. For students."""
