"""The rules that find sentences, on small docstrings made for them."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from large_models.data import prose
from large_models.data.docstrings import SECTIONS


def found(docstring: str) -> list[tuple[str, str]]:
    """(section, sentence) of each sentence in a function's docstring."""
    body = textwrap.indent(textwrap.dedent(docstring).strip("\n"), "    ")
    return list(prose.harvest_source(f'def f():\n    r"""\n{body}\n    """\n'))


def test_numpy_form():
    assert found(
        """
        Return the sum of the values.

        It is computed along one axis.

        Parameters
        ----------
        x : array_like of the values to be summed
            The values to be summed.
        y : array_like of the values that are alike.
        axis : {int, None}, optional
            The axis along which to sum. The default is the last one.

            A second paragraph is of the same parameter.

        Returns
        -------
        total
            The sum of the values.

        See Also
        --------
        mean : This is the mean of the values.

        Notes
        -----
        The order of the values may matter.

        References
        ----------
        .. [1] This is a book that is dropped.

        Examples
        --------
        We can sum it as follows.

        >>> f([1, 2])
        This is the output of it.
        """
    ) == [
        ("summary", "Return the sum of the values."),
        ("description", "It is computed along one axis."),
        ("parameters", "The values to be summed."),
        ("parameters", "The axis along which to sum."),
        ("parameters", "The default is the last one."),
        ("parameters", "A second paragraph is of the same parameter."),
        ("returns", "The sum of the values."),
        ("notes", "The order of the values may matter."),
        ("examples", "We can sum it as follows."),
    ]


def test_google_form():
    assert found(
        """
        Return the sum of the values.

        Args:
            x (Tensor): the values
                to be summed.
            axis (int, optional): The axis along which to sum.

                .. note:: It is slow for
                    the first axis.
            out (Tuple[int, int]): The place for the result.

        Returns:
            Tensor: The sum of the values.

        Back to what it is for.

        Example::

            This is the code of it.
        """
    ) == [
        ("summary", "Return the sum of the values."),
        ("parameters", "the values to be summed."),
        ("parameters", "The axis along which to sum."),
        ("notes", "It is slow for the first axis."),
        ("parameters", "The place for the result."),
        ("returns", "The sum of the values."),
        ("description", "Back to what it is for."),
    ]


def test_sphinx_fields():
    assert found(
        """
        Return the sum of the values.

        :param x: The values that are
            to be summed.
        :type x: This is the type of it.
        :returns: The sum of the values.
        :raises ValueError: If there is not a value.
        """
    ) == [
        ("summary", "Return the sum of the values."),
        ("parameters", "The values that are to be summed."),
        ("returns", "The sum of the values."),
        ("raises", "If there is not a value."),
    ]


@pytest.mark.parametrize(
    "block",
    [
        ">>> x = 1  # This is in the code.\nThis is the output of it.",
        "```\nThis is in the code.\n\nThis is in the code too.\n```",
        "As in::\n\n    This is in the code.\n\n    This is in the code too.",
        ".. math::\n\n    This is in the formula.",
        ".. code-block:: python\n   :caption: The name of it.\n\n   This is in the code.",
        "=====  =====\nThis is in the table.\n=====  =====",
        "+-----+-----+\n| This is in the table. |\n+-----+-----+",
        ".. versionadded:: 1.0\n   This is in the news.",
    ],
)
def test_no_code_formula_or_table(block):
    kept = found(f"First of the sentences.\n\n{block}\n\nLast of the sentences.")
    assert [sentence for _, sentence in kept] == [
        "First of the sentences.",
        "Last of the sentences.",
    ]


def test_lists_and_indents_end_a_sentence():
    assert [sentence for _, sentence in found("""
        - The first of the points
          goes on here.
        - The second of the points.

        1. The third of the points.
        2) The fourth of the points.

        This is a line of its own
            What is indented is of another sentence.
        """)] == [
        "The first of the points goes on here.",
        "The second of the points.",
        "The third of the points.",
        "The fourth of the points.",
        "What is indented is of another sentence.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See :class:`~torch.Tensor` for the rest.", ["See torch.Tensor for the rest."]),
        ("See :func:`.fill` and :attr:`the x <y>` here.", ["See fill and the x here."]),
        ("The ``x`` is *one* of **them** `here <a>`_.", ["The x is one of them here."]),
        ("It is a result of theirs [1]_.", ["It is a result of theirs."]),
        ("It is as shown in [1]_.", []),
        ("A call with `*args` and **kwargs is it.", []),
        ("The nodes are in G. If it is not so, x. Then it is.",
         ["The nodes are in G.", "If it is not so, x."]),
        ("It isn’t “this” — it is the other.", ["It isn't \"this\" - it is the other."]),
        ("They are used, e.g. The first, i.e. The one of them. It is so, etc. Then it ends.",
         ["They are used, e.g. The first, i.e. The one of them.", "It is so, etc. Then it ends."]),
        ("Is it the last one? Yes it is that (one.) It is so!",
         ["Is it the last one?", "Yes it is that (one.)"]),  # the third has three words
    ],
)  # fmt: skip
def test_markup_and_ends_of_sentences(text, expected):
    assert list(prose.sentences(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "It is so.",  # three words
        "It is so long" + " and long" * 30 + ".",  # 64 words
        "This is without an end",
        "Compute values along dimensions quickly.",  # not one small word
        "The {input} of the function.",
        "The value of a == b here.",
        "The value is x -> y here.",
        "The value is \\alpha in this.",
        "See the page https://example.org for it.",
        "The name is Erdős, as it was.",
        "It is (one of them.",
        'It is "one of them.',
        "The x = a+1/2*3-4/(5*6) is.",  # too few letters
        "- it is one of them.",
        "Copyright is with the authors.",
        "The todo is in the list.",
        "As is shown in [1].",
        "a %(kwdoc)s is for it.",
    ],
)
def test_not_a_sentence(text):
    assert not prose.is_sentence(text)


def test_which_docstrings():
    source = textwrap.dedent(
        '''
        """Text of the module."""
        x = """Text of a variable."""
        class A:
            """Text of the class."""
            def f(self):
                """Text of the method."""
                try:
                    def g():
                        """Text of a function inside."""
                except ValueError:
                    def g():
                        """Text of another one."""
                finally:
                    match x:
                        case 1:
                            def g():
                                """Text of a third one."""
            async def h(self):
                """Text of a coroutine."""
        add_newdoc("numpy", "array", """
            Text of an array.
            """)
        torch._C._add_docstr(abs, r"""
        Text of \\alpha.
        """.format(**common))
        print("""Text that is
        printed.""")
        '''
    )
    assert prose.docstrings(source) == [
        "Text of the module.",
        "Text of the class.",
        "Text of the method.",
        "Text of a function inside.",
        "Text of another one.",
        "Text of a third one.",
        "Text of a coroutine.",
        "Text of an array.",
        "Text of \\alpha.",
    ]


@given(st.text(alphabet=st.sampled_from(list(" \n\t.:-=`*>|[]_(){}aT1+~é中😀")), max_size=200))
def test_any_docstring_is_read(text):
    """No input crashes it or hangs it, and what comes out passes its own rules."""
    for section, paragraph in prose.paragraphs(text):
        assert section in SECTIONS
        for sentence in prose.sentences(paragraph):
            assert prose.is_sentence(sentence)
            assert "\n" not in sentence and "\t" not in sentence
