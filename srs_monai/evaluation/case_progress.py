"""A progress bar over the cases of an evaluation."""

from ignite.engine import Engine
from tqdm import tqdm

from srs_monai.progress import ProgressBar


class CaseProgress(ProgressBar):
    """Evaluator handler: one bar for the run, with the time left."""

    def _open(self, engine: Engine) -> None:
        # ignite counts batches; of one case each, unless they are on the network's grid
        self.bar = tqdm(total=engine.state.epoch_length, desc="evaluating", unit="batch", dynamic_ncols=True)

    def _step(self, engine: Engine) -> None:
        self.bar.update()
