"""A planted mistake that is nowhere in the source catches nothing: told here, where every change is checked."""

import pytest

from tests.shared_data import ROOT
from tests.simulation.test_planted_faults import PLANTS, Plant


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant[0])
def test_what_a_plant_changes_stands_in_the_source(plant: Plant) -> None:
    _, name, text, instead = plant
    assert text in (ROOT / "cti_server" / "core" / name).read_text("utf-8") and text != instead
