"""Ids of everything that is stored."""

from tinct.storage.ids import new_id


def test_ids_of_one_process_sort_in_the_order_in_which_they_were_made():
    made = [new_id("job") for _ in range(5000)]
    assert made == sorted(set(made))


def test_an_id_is_url_safe_and_carries_its_prefix():
    prefix, _, rest = new_id("file").partition("_")
    assert prefix == "file"
    assert len(rest) == 26
    assert rest.isalnum()
