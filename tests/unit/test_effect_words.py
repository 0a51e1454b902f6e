"""Refusals speak as the documentation does, whoever reads them."""

from __future__ import annotations

import pytest

from tinct.effects import registry
from tinct.errors import ParameterError


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"degree": 2}, "degree: got 2; allowed: 0 to 1"),
        ({"count": 9}, "count: got 9; allowed: 1 to 8"),
        ({"mode": "colour"}, "mode: got 'colour'; allowed: auto, template, reference or map"),
        ({"portrait": "perhaps"}, "portrait: got 'perhaps'; allowed: true or false"),
    ],
)
def test_a_refused_value_is_told_what_the_table_allows(params, says):
    with pytest.raises(ParameterError) as caught:
        registry.get("migrate").parse(params)
    assert str(caught.value) == says


def test_a_wrong_part_of_a_list_is_told_in_plain_words():
    with pytest.raises(ParameterError) as caught:
        registry.get("swap").parse({"consent": True, "mapping": ["x"]})
    assert str(caught.value) == "mapping.0: got 'x'; allowed: a whole number"


def test_an_unknown_parameter_is_told_all_names():
    with pytest.raises(ParameterError, match=r"degre: got 1; allowed: one of .*degree, .*seed"):
        registry.get("migrate").parse({"degre": 1})


@pytest.mark.parametrize("where", ["no_such_module_here:duotone", "tinct.effects.convert:duotone"])
def test_an_effect_that_is_not_where_it_was_said_to_be_is_refused_in_a_sentence(monkeypatch, where):
    monkeypatch.setitem(registry._WHERE, "duotone", where)
    with pytest.raises(ParameterError, match=f"got 'duotone={where}'; allowed: .* PYTHONPATH"):
        registry.get("duotone")
