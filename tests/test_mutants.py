"""`make mutants` changes one thing at a time, and what it changes means something."""

from tests.mutants import python_changes, script_changes


def test_each_change_of_a_python_module_is_another_program():
    source = "def f(x):\n    if x < 2:\n        return x + 0.5\n    raise ValueError(1 + 1)\n"
    changed = {text for _, _, text in python_changes(source)}
    assert changed == {
        source.replace("x < 2", "x <= 2").strip(),
        source.replace("x < 2", "x < 3").strip(),
        source.replace("x < 2", "not x < 2").strip(),
        source.replace("x + 0.5", "x - 0.5").strip(),
        source.replace("0.5", "5.0").strip(),
    }


def test_each_change_of_a_script_is_another_one_and_texts_stay():
    source = 'const a = b < 2 ? "1 + 1" : c * d; // 3 < 4\n'
    changed = {text for _, _, text in script_changes(source)}
    assert changed == {
        source.replace("b < 2", "b <= 2"),
        source.replace("b < 2", "b < 3"),
        source.replace("c * d", "c / d"),
    }
