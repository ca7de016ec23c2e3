"""How far the outlines of two masks lie apart."""

from collections.abc import Sequence

import numpy as np
from monai.metrics.utils import get_mask_edges, get_surface_distance
from numpy.typing import NDArray


def surface_distances(
    first: NDArray[np.bool_], second: NDArray[np.bool_], spacing: Sequence[float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Measure from every surface pixel of one mask to the nearest surface pixel of the other, both ways.

    The surface of a mask is those of its pixels that have a background pixel beside them (4 neighbours in a picture,
    6 in a volume); what lies outside the image is background. Distances are Euclidean, between pixel centres.

    Args:
        first, second: masks of one shape, (H, W) or three axes, neither of them empty.
        spacing: distance between neighbouring pixels along each axis, in the unit that the result shall have.

    Returns:
        Distances from first to second and from second to first, one for each surface pixel.
    """
    thin = [axis for axis, size in enumerate(first.shape) if size == 1]
    if first.ndim == 3 and thin:
        # across one slice every pixel would touch the outside, and the whole area would count as its surface
        first, second = first.squeeze(thin[0]), second.squeeze(thin[0])
        spacing = [step for axis, step in enumerate(spacing) if axis != thin[0]]
    first_edge, second_edge = get_mask_edges(first, second)  # cropped to the box that holds both
    to_second = get_surface_distance(first_edge, second_edge, spacing=tuple(spacing))
    to_first = get_surface_distance(second_edge, first_edge, spacing=tuple(spacing))
    return np.asarray(to_second), np.asarray(to_first)
