import pytest

from landmark import bearing


@pytest.mark.parametrize(
    ("end", "degrees"), [((0, 1), 0), ((1, 1), 45), ((1, 0), 90), ((0, -1), 180), ((-1, 0), 270)]
)
def test_bearings_go_clockwise_from_north(end, degrees):
    assert bearing((0, 0), end) == pytest.approx(degrees)


def test_a_point_has_no_bearing_to_itself():
    with pytest.raises(ValueError, match="no bearing"):
        bearing((2, 3), (2, 3))
