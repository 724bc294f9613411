"""What the tests of all checks share."""

import pytest


@pytest.fixture
def says(capsys):
    """Runs a check and returns its result and the one line that it printed."""

    def run(check, *answers):
        capsys.readouterr()
        result = check(*answers)
        said = capsys.readouterr().out
        assert said.count("\n") == 1 and said.strip().endswith("."), said
        return result, said

    return run


def raises(*_):
    raise ValueError("shapes (2,3) and (4,) not aligned")


@pytest.fixture(
    params=[
        (raises, "raised ValueError: shapes (2,3) and (4,) not aligned."),
        (lambda *_: "text", "a str, expected"),
        (lambda *_: {}, "a dict, expected"),
        (lambda *_: (i for i in range(3)), "a generator, expected"),
        (lambda: 1, "raised TypeError: "),
        (7, "Expected a function, got an int"),
    ],
    ids=["raises", "text", "a dict", "a generator", "no arguments", "no function"],
)
def nonsense(request):
    """An answer that is none, and what every check says of it."""
    return request.param


@pytest.fixture(
    params=[None, ..., lambda *_: None, lambda *_: ...],
    ids=["None", "...", "gives None", "gives ..."],
)
def stub(request):
    """An answer not filled in."""
    return request.param
