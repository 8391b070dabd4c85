"""The references on real CIFAR-10, one module per assignment; run by bench/cifar10_accuracy.py."""
