"""Options of a search that are refused, and the score that ranks its hypotheses."""

import pytest

from s2s_export.decoding.hypotheses import score
from s2s_export.decoding.options import SearchOptions
from s2s_export.errors import OptionError


def test_the_score_is_the_sum_over_a_power_of_the_length() -> None:
    assert score((-1.0, -2.0, -3.0)) == -2.0
    assert score((-1.0, -2.0, -3.0), 0) == -6.0
    assert score((-1.0, -2.0, -3.0, -2.0), 0.5) == -4.0
    assert score(()) == score((), 0.5) == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_size": 0}, "beam_size: expected an int from 1 to 1000, found 0"),
        ({"beam_size": -1}, "beam_size: expected an int from 1 to 1000, found -1"),
        ({"beam_size": 10**6}, "beam_size: expected an int from 1 to 1000, found 1000000"),
        ({"beam_size": 2.0}, "beam_size: expected an int from 1 to 1000, found 2.0"),
        ({"beam_size": True}, "beam_size: expected an int from 1 to 1000, found True"),
        ({"beam_size": "4"}, "beam_size: expected an int from 1 to 1000, found '4'"),
        ({"n_best": 2}, "n_best: expected an int from 1 to the beam_size, 1, found 2"),
        (
            {"beam_size": 4, "n_best": 5},
            "n_best: expected an int from 1 to the beam_size, 4, found 5",
        ),
        ({"beam_size": 4, "n_best": 0}, "n_best: expected an int from 1 to the beam_size, 4, fou"),
        ({"length_penalty": float("nan")}, "length_penalty: expected a number from 0 to 10, found"),
        ({"length_penalty": -0.1}, "length_penalty: expected a number from 0 to 10, found -0.1"),
        ({"length_penalty": 1e308}, "length_penalty: expected a number from 0 to 10, found 1e+308"),
        ({"length_penalty": None}, "length_penalty: expected a number from 0 to 10, found None"),
        ({"length_penalty": "1"}, "length_penalty: expected a number from 0 to 10, found '1'"),
    ],
)
def test_options_that_no_search_can_have(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError) as error:
        SearchOptions(**options)  # type: ignore[arg-type]
    assert message in str(error.value)
