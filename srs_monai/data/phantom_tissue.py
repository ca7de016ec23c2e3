"""Simulated ultrasound: layered tissue with faint lesions under speckle."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import expit

Array = NDArray[np.float64]

# depth of a layer's upper edge as a share of the image, and its echo level in dB
LAYERS = ((0.0, -6.0), (0.05, -22.0), (0.19, -12.0), (0.22, -18.0), (0.80, -6.0), (0.83, -26.0))
EDGE_WAVINESS = 0.025  # of a layer's edge, as a share of the image
LUMP, FIBRE = (0.03, 0.07, 0.15), (0.006, 0.08, 0.08)  # extent along depth, width and slices, as a share of each
PULSE = (0.8, 1.5, 1.0)  # width of the pulse's envelope along depth, width and slices, in pixels (one sigma)
ATTENUATION = 10.0  # dB from top to bottom, after the compensation by the scanner
NOISE = -46.0  # level of the electronic noise, in dB
DYNAMIC_RANGE = 50.0  # dB between black and white
CONTRAST = (-12.0, -8.0)  # between a lesion and its surroundings, in dB; speckle alone varies by 5.6
MARGIN = 0.12  # width of a lesion's soft margin, as a share of its radius


def phantom(shape: Sequence[int], rng: Generator, *, lesions: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """One image, 0 to 255, and its lesions, both of `shape`: rows (depth), columns and, for a volume, slices."""
    echo = _layers(shape, rng)
    mask = np.zeros(shape, dtype=np.bool_)
    for number in range(lesions):
        radius = _lesion_radius(shape, rng, side=number if lesions > 1 else None)
        echo += rng.uniform(*CONTRAST) * expit((1 - radius) / (MARGIN / 4))
        mask |= radius < 1
    return _seen(echo, rng), mask


def _axes(shape: Sequence[int]) -> list[Array]:
    """Coordinates 0 .. 1 along every axis, ready to broadcast."""
    return list(np.meshgrid(*(np.linspace(0, 1, n) for n in shape), indexing="ij", sparse=True))


def _layers(shape: Sequence[int], rng: Generator) -> Array:
    """Echo level in dB of wavy layers with slow variations inside."""
    depth, *across = _axes(shape)
    echo: Array = np.full(shape, LAYERS[0][1])
    for top, level in LAYERS[1:]:
        edge = np.full_like(depth, top + rng.uniform(-0.02, 0.02))
        for axis in across:
            for waves in (1, 2, 3):
                edge = edge + EDGE_WAVINESS / waves * rng.normal() * np.sin(np.pi * waves * axis + rng.uniform(0, 6))
        echo += (level + rng.uniform(-1, 1) - echo) * expit((depth - edge) / 0.006)
    lumps, fibres = _grain(shape, rng, LUMP), _grain(shape, rng, FIBRE)
    echo += 2.0 * lumps + 6.0 * np.maximum(fibres - 0.8, 0)
    return echo


def _grain(shape: Sequence[int], rng: Generator, extent: Sequence[float]) -> Array:
    """Smooth noise of mean 0 and standard deviation 1; its grains extend over these shares of the axes."""
    grain: Array = gaussian_filter(rng.normal(size=shape), [n * e for n, e in zip(shape, extent, strict=False)])
    grain /= grain.std()
    return grain


def _lesion_radius(shape: Sequence[int], rng: Generator, side: int | None) -> Array:
    """Distance from a lesion's centre, 1 on its irregular border: an ellipse with a few harmonics on its radius.

    Of two lesions, one is in the left half (side 0) and one in the right half (side 1).
    """
    depth, width, *slices = _axes(shape)
    centre = {None: (0.3, 0.7), 0: (0.22, 0.34), 1: (0.66, 0.78)}[side]
    half_width = rng.uniform(0.12, 0.22) if side is None else rng.uniform(0.1, 0.15)
    half_depth = half_width * rng.uniform(0.6, 0.95)
    y, x = (depth - rng.uniform(0.42, 0.64)) / half_depth, (width - rng.uniform(*centre)) / half_width
    tilt = rng.uniform(-0.4, 0.4)
    along, beside = x * np.cos(tilt) + y * np.sin(tilt), y * np.cos(tilt) - x * np.sin(tilt)
    angle = np.arctan2(beside, along)
    border: Array = np.ones_like(angle)
    for harmonic in range(2, 7):
        border = border + rng.normal(scale=0.16 / harmonic) * np.cos(harmonic * angle + rng.uniform(0, 2 * np.pi))
    through = ((s - rng.uniform(0.45, 0.55)) / rng.uniform(0.28, 0.38) for s in slices)
    radius: Array = np.sqrt((along**2 + beside**2) / border**2 + sum(z**2 for z in through))
    return radius


def _seen(echo: Array, rng: Generator) -> NDArray[np.uint8]:
    """The scanner's picture of an echo level: fully developed speckle, attenuated, log-compressed to 0 .. 255."""
    sigmas = PULSE[: echo.ndim]
    waves = _normal(echo.shape, rng) * 10 ** (echo / 20)  # scatterers much smaller than a pixel, of random phase
    waves = gaussian_filter(waves.real, sigmas) + 1j * gaussian_filter(waves.imag, sigmas)
    waves *= np.sqrt(np.prod([2 * np.sqrt(np.pi) * s for s in sigmas]))  # the pulse keeps the mean power
    waves *= 10 ** (-ATTENUATION * _axes(echo.shape)[0] / 20)
    envelope = np.abs(waves + _normal(echo.shape, rng) * 10 ** (NOISE / 20))  # Rayleigh distributed
    shown = 1 + 20 * np.log10(envelope + 1e-12) / DYNAMIC_RANGE
    return np.asarray(255 * np.clip(shown, 0, 1), dtype=np.uint8)


def _normal(shape: Sequence[int], rng: Generator) -> NDArray[np.complex128]:
    """Circular complex noise of mean power 1."""
    return np.asarray((rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2))
