"""Training: the learning-rate rule, repeatable epochs, checkpoints, logs and the two-stage hand-over."""

from srs_monai.training.augment import AugmentedBatches as AugmentedBatches
from srs_monai.training.check_network import check_network as check_network
from srs_monai.training.checkpoint import StageCheckpoint as StageCheckpoint
from srs_monai.training.clamp_gradients import ClampGradients as ClampGradients
from srs_monai.training.compiler import check_compiler as check_compiler
from srs_monai.training.epoch_log import EpochLog as EpochLog
from srs_monai.training.guides import GuidedBatches as GuidedBatches
from srs_monai.training.guides import guided_batch as guided_batch
from srs_monai.training.losses import StepLosses as StepLosses
from srs_monai.training.losses import write_losses as write_losses
from srs_monai.training.mean_iou import MeanIoU as MeanIoU
from srs_monai.training.polyp_loss import PolypLoss as PolypLoss
from srs_monai.training.progress import Progress as Progress
from srs_monai.training.scaled_batches import ScaledBatches as ScaledBatches
from srs_monai.training.schedule import polynomial_decay as polynomial_decay
from srs_monai.training.seeding import SeedEpochs as SeedEpochs
from srs_monai.training.stages import LoadReconstruction as LoadReconstruction
from srs_monai.training.stages import check_output as check_output
from srs_monai.training.stages import image_to_itself as image_to_itself
from srs_monai.training.stages import open_output as open_output
from srs_monai.training.stages import reconstruction_weights as reconstruction_weights
from srs_monai.training.stages import run_stage as run_stage
from srs_monai.training.stages import trainable_reconstruction as trainable_reconstruction
from srs_monai.training.stages import trained_parameters as trained_parameters
from srs_monai.training.temperature import LowerTemperature as LowerTemperature
