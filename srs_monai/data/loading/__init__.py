"""Images, labels and slices of volumes as items of a training."""
