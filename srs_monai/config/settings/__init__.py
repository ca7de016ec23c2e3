"""The settings of weights: model.json beside model.pt holds what inference must do in the same way as training."""

from srs_monai.config.settings.compare_settings import check_resumed as check_resumed
from srs_monai.config.settings.compare_settings import check_settings as check_settings
from srs_monai.config.settings.schema import PARTS as PARTS
from srs_monai.config.settings.schema import PROVENANCE as PROVENANCE
from srs_monai.config.settings.schema import VALUES as VALUES
from srs_monai.config.settings.schema import Settings as Settings
from srs_monai.config.settings.schema import load_settings as load_settings
from srs_monai.config.settings.settings_files import TRAINED as TRAINED
from srs_monai.config.settings.settings_files import read_settings as read_settings
from srs_monai.config.settings.settings_files import settings_of as settings_of
from srs_monai.config.settings.settings_files import settings_path as settings_path
from srs_monai.config.settings.settings_files import split_of_run as split_of_run
from srs_monai.config.settings.settings_files import write_settings as write_settings
from srs_monai.config.settings.trained import TrainedSettings as TrainedSettings
