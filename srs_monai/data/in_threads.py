"""Many files read at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
Found = TypeVar("Found")


def in_threads(
    work: Callable[[Item], Found], items: Sequence[Item], title: str, *, progress: bool = True
) -> list[Found]:
    """What the work gives for each item, in their order: as many threads as processors, and a bar.

    Args:
        work: mostly reads and decodes, in which threads run beside each other.
        items: images, or what holds one.
        title: of the bar.
        progress: show it, on a terminal.
    """
    silent = None if progress else True  # None: shown on a terminal only
    with ThreadPoolExecutor(cpu_count()) as pool:
        found = pool.map(work, items)
        return list(tqdm(found, title, len(items), unit="image", dynamic_ncols=True, disable=silent))
