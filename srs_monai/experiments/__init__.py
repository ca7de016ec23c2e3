"""Experiments: the networks of a table are trained and measured row by row, and their results are recorded."""

from srs_monai.experiments.queue import run_table as run_table
from srs_monai.experiments.rows import Row as Row
from srs_monai.experiments.rows import Table as Table
from srs_monai.experiments.rows import read_table as read_table
