"""What the tests of all checks share."""

import pytest

from lib.checks.calls import equal


@pytest.fixture
def assert_distinct():
    """Fails where two mistakes of a case look alike: else a check could name the wrong one.

    Equal to the right result are only mistakes that the case cannot tell from it.
    """

    def check(cases):
        for case in cases:
            seen = []
            for wrong, remark in case.mistakes:
                if not equal(wrong, case.expected):
                    assert not any(equal(wrong, other) for other in seen), (case.name, remark)
                    assert remark.endswith("."), remark
                    seen.append(wrong)

    return check


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
