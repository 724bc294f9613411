"""book/ext: what the book adds to Jupyter Book, on a small book of its own."""

import importlib
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent.parent
sys.path.append(str(ROOT / "book"))
bundle = importlib.import_module("ext.bundle")
figures = importlib.import_module("ext.figures")

FIGURE = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="300pt" height="150pt" viewBox="0 0 300 150"
  xmlns="http://www.w3.org/2000/svg" version="1.1">
 <metadata><a>made by</a></metadata>
 <defs><style type="text/css">*{stroke-linejoin: round}</style>
  <clipPath id="p1"><rect width="9" height="9"/></clipPath><path id="m1" d="M 0 0"/></defs>
 <g id="figure_1"><path d="M 0 0 L 9 9" clip-path="url(#p1)"
   style="fill: none; stroke: #0072b2; stroke-width: 2"/>
  <use xlink:href="#m1" style="stroke: #1a1a1a"/><path d="M 1 1" style="fill: #abcdef"/>
  <text style="font-size: 12px; font-family: 'DejaVu Sans', serif; fill: #1a1a1a">a &lt; b</text>
  <text style="font: 12px 'DejaVu Sans'; text-anchor: middle">9</text></g></svg>"""


def notebook(*cells: tuple[str, dict, dict]) -> str:
    made = [nbformat.v4.new_markdown_cell("# Figures")]
    for source, metadata, data in cells:
        output = nbformat.v4.new_output("display_data", data)
        cell = nbformat.v4.new_code_cell(
            source, metadata=metadata, outputs=[output] if data else []
        )
        made.append(nbformat.v4.new_markdown_cell(source) if not (metadata or data) else cell)
    metadata = {"language_info": {"name": "python"}}
    return nbformat.writes(nbformat.v4.new_notebook(cells=made, metadata=metadata))


def meta(alt: str, name: str) -> dict:
    return {"mystnb": {"image": {"alt": alt}, "figure": {"caption": "A *caption*.", "name": name}}}


TEXT = r"""# Text

A {cin}`blue`, a {clearned}`kernel`, an {cout}`output`, and
$\textcolor{#0072b2}{x} + \textcolor{#C1440E} w$.

$$
\textcolor{#00795a}{y} = \sum_i \textcolor{#c1440e}{w_i} \textcolor{#0072b2}{x_i}
$$ (eq-sum)

See {eq}`eq-sum`.

:::{admonition} A hint
:class: dropdown
Look at the **stride**.
:::

````{exercise} Sums
:label: ex-sum
Add.
````

````{solution} ex-sum
:label: so-sum
:class: dropdown
Two.
````
"""


@pytest.fixture(scope="module")
def built(small_book):
    drawn = {"image/svg+xml": FIGURE, "text/plain": "<Figure>"}
    page = notebook(
        ("plot()", meta("One line.", "fig-one"), drawn),
        ("plot()", meta('A "second" one.', "fig-two"), drawn),
        ("See {numref}`fig-two`.", {}, {}),
    )
    return small_book({"text.md": TEXT, "figures.ipynb": page}).html


def test_a_figure_is_part_of_the_page_in_the_themes_colours(open_page, built):
    page, seen = open_page(f"{built.as_uri()}/figures.html", color_scheme="light")
    one, two = page.locator("figure svg.figure").all()
    assert one.get_attribute("role") == "img"
    assert one.get_attribute("aria-label") == "One line."
    assert two.get_attribute("aria-label") == 'A "second" one.'
    assert page.locator("#fig-one figcaption").inner_text().startswith("Fig. 1 A caption.")
    assert page.get_by_text("See Fig. 2.").is_visible()
    colours = """(svg) => ["path", "use", "text"].map((tag) => {
      const style = getComputedStyle(svg.querySelector(`g > ${tag}`));
      return tag === "text" ? style.fill : style.stroke;
    })"""
    assert one.evaluate(colours) == ["rgb(0, 114, 178)", "rgb(28, 36, 44)", "rgb(28, 36, 44)"]
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert one.evaluate(colours) == [
        "rgb(86, 180, 233)",
        "rgb(227, 232, 237)",
        "rgb(227, 232, 237)",
    ]
    assert one.evaluate("(e) => getComputedStyle(e.querySelectorAll('path')[2]).fill") == (
        "rgb(171, 205, 239)"  # any other colour stays
    )
    assert seen.failed == []


def test_a_figure_fits_its_page(open_page, built):
    page, _ = open_page(f"{built.as_uri()}/figures.html", viewport={"width": 320, "height": 600})
    width, height = page.locator("svg.figure").first.evaluate(
        "(e) => [e.getBoundingClientRect().width, e.getBoundingClientRect().height]"
    )
    assert width <= 300 and height == pytest.approx(width / 2, abs=1)
    page.set_viewport_size({"width": 1280, "height": 600})
    assert page.locator("svg.figure").first.bounding_box()["width"] == pytest.approx(400, abs=1)


def test_figures_keep_their_ids_and_styles_to_themselves(open_page, built):
    html = (built / "figures.html").read_text("utf-8")
    for leftover in ("<metadata", "DejaVu", "*{stroke", "<?xml", 'id="figure_1"'):
        assert leftover not in html
    page, _ = open_page(f"{built.as_uri()}/figures.html")
    ids = page.locator("[id]").evaluate_all("(all) => all.map((e) => e.id)")
    assert len(ids) == len(set(ids))
    wanted = page.locator("svg use").evaluate_all(
        "(all) => all.map((e) => e.href.baseVal.slice(1))"
    )
    assert len(wanted) == 2 and set(wanted) <= set(ids)
    assert not list(built.glob("_images/*.svg"))


def test_a_figure_without_words_for_it_fails_the_build(small_book):
    drawn = {"image/svg+xml": FIGURE, "text/plain": "<Figure>"}
    with pytest.raises(AssertionError, match="a figure has no alternative text"):
        small_book({"figures.ipynb": notebook(("plot()", {"mystnb": {}}, drawn))})


def test_inline_svg_of_a_real_figure():
    plt = pytest.importorskip("matplotlib.pyplot")
    import io

    fig, ax = plt.subplots()
    ax.plot([0, 1], [0, 1], color="#c1440e")
    with plt.rc_context({"svg.fonttype": "none"}):
        fig.savefig(buffer := io.StringIO(), format="svg")
    plt.close(fig)
    svg = figures.inline_svg(buffer.getvalue(), "a <line> & more", "f-")
    assert svg.startswith("<svg ") and "var(--lw-learned)" in svg and "#c1440e" not in svg
    assert 'aria-label="a &lt;line&gt; &amp; more"' in svg


def test_formulas_and_words_share_three_colours(open_page, built):
    page, _ = open_page(f"{built.as_uri()}/text.html")
    colours = page.locator(".lw-in, .lw-learned, .lw-out")
    shown = (
        """(all) => all.map((e) => [e.className.match(/lw-\\w+/)[0], getComputedStyle(e).color])"""
    )
    light = colours.evaluate_all(shown)
    assert len(light) >= 8
    assert {tuple(c) for c in light} == {
        ("lw-in", "rgb(0, 114, 178)"),
        ("lw-learned", "rgb(193, 68, 14)"),
        ("lw-out", "rgb(0, 121, 90)"),
    }
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    dark = colours.evaluate_all(shown)
    assert len({tuple(c) for c in dark}) == 3 and not {c[1] for c in dark} & {c[1] for c in light}
    assert page.locator("a[href='#equation-eq-sum']").first.inner_text() == "(1)"


def test_a_fourth_colour_in_a_formula_is_a_warning(small_book):
    with pytest.raises(AssertionError, match="colour red in a formula: expected #0072b2, "):
        small_book({"red.md": "# Red\n\n$\\textcolor{red}{x}$\n"})


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        (r"\undefinedmacro", r"Undefined control sequence: \\undefinedmacro"),
        (r"\href{https://example.org}{x}", "a command that is not allowed"),
        (r"\htmlClass{other}{x}", "a command that is not allowed"),
        ("x^2^3", "Double superscript"),
    ],
)
def test_what_katex_cannot_or_must_not_draw_is_a_warning_that_names_the_place(
    small_book, formula, said
):
    page = f"# Bad\n\nFirst.\n\nSecond: ${formula}$\n"
    with pytest.raises(AssertionError, match=rf"bad\.md:5: .*a formula cannot be drawn: .*{said}"):
        small_book({"bad.md": page})


def test_formulas_stand_without_a_script_and_can_be_read_aloud(open_page, built):
    page, _ = open_page(f"{built.as_uri()}/text.html", java_script_enabled=False)
    assert page.locator(".math").count() == page.locator(".math .katex").count() == 2
    assert page.locator(".katex-error").count() == 0
    assert page.locator("div.math .katex-html").bounding_box()["height"] > 20
    assert page.locator("span.math math").text_content() == "x+w"
    assert page.locator("div.math math munder, div.math math munderover").count() == 1
    html = (built / "text.html").read_text("utf-8")
    assert "katex.min.js" not in html and "<annotation" not in html


def test_boxes_fold_without_a_script(open_page, built):
    page, _ = open_page(f"{built.as_uri()}/text.html", java_script_enabled=False)
    hint = page.locator("details.admonition").first
    assert hint.locator("summary").inner_text() == "A hint"
    assert not page.get_by_text("Look at the stride.").is_visible()
    hint.locator("summary").focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("Look at the stride.").is_visible()
    solution = page.locator("details#so-sum")
    assert solution.locator("summary").inner_text() == "Solution to Exercise 1 (Sums)"
    assert solution.locator("summary a").count() == 0


def test_one_stylesheet_with_what_is_used(built):
    html = (built / "text.html").read_text("utf-8")
    assert html.count('rel="stylesheet"') == 1
    css = (built / "_static" / "style.css").read_text("utf-8")
    assert ".carousel" not in css and ".bd-sidebar-primary" in css
    assert "KaTeX_Main" in css and "url(katex/fonts/" in css
    assert not [p for p in built.rglob("*.css") if p.name != "style.css"]


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".a{x:1}", ".a{x:1}"),
        (".gone{x:1}", ""),
        (".a .gone, .a > b{x:1}", ".a > b{x:1}"),
        ("#a.gone{x:1}", ""),
        (".a:not(.gone){x:1}", ".a:not(.gone){x:1}"),
        ("p:is(.a, .gone) a{x:1}", "p:is(.a, .gone) a{x:1}"),
        ("a[href='.gone']{x:1}", 'a[href=".gone"]{x:1}'),
        (".a{b:url(../c.png)}@import 'd.css';", ".a{b:url(../c.png)}"),
        ("@media (x){.a{x:1}.gone{x:1}}", "@media (x){.a{x:1}}"),
        ("@media (x){.gone{x:1}}", ""),
        ("@keyframes k{from{x:1}to{x:2}}", "@keyframes k{from{x:1}to{x:2}}"),
        ('@charset "x";/* .a{ */.a{b:"}{"}', '.a{b:"}{"}'),
        (".a{b:url(data:image/svg+xml;x)}", ".a{b:url(data:image/svg+xml;x)}"),
    ],
)
def test_unused_rules_go(css, kept):
    assert bundle.used(css, {"a", "b", "k"}) == kept


BOX = """````{admonition} The document says
:class: erratum

%s
````
"""


def test_a_box_that_the_page_of_errata_leaves_out_is_a_warning(small_book):
    pages = {
        "first.md": "# First\n\n(erratum-known)=\n" + BOX % "Known.",
        "chapters/second.md": f"# Second\n\n(erratum-left-out)=\n{BOX % 'Left out.'}\n"
        f"Between.\n\n{BOX % 'Without a label.'}",
        "chapters/errata.md": "# Errata\n\n[1.1](#erratum-known)\n",
    }
    pages["first.md"] = pages["first.md"].replace(
        "class: erratum", "class: erratum left-out dropdown"
    )
    book = small_book({**pages, "chapters/second.md": "# Second\n"})
    first = (book.html / "first.html").read_text("utf-8")
    assert (
        'href="chapters/errata.html#row-erratum-known"' in first
    )  # also from a box that is folded
    assert first.count('The document says<span class="erratum-kind"> \u00b7 left out</span>') == 1
    with pytest.raises(AssertionError) as failed:
        small_book(pages)
    assert "erratum-left-out has no row on the page of errata" in str(failed.value)
    assert "needs a label" in str(failed.value)
