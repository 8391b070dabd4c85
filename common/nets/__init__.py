"""Networks and layers that are given: backbone, image encoder, classifier of generated images, detector parts."""
