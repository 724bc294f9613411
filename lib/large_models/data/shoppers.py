"""Made-up shoppers: what they take and why, so that a recommender can be judged fairly.

Items lie on shelves of 15. A shopper likes three shelves, and takes one item a visit:

    with `stray`     any item at all, by the popularity of all items
    with `sequel`    the item beside the last one taken from a shelf (a second volume, say)
    else             an item of the shelf at hand, by its popularity there

With `leave` the shelf at hand is first drawn again from the three. Popular items are taken far
more often than others, as in a real shop: the r-th of a shelf with a weight of 1 / r.
All of it is generated. Chapter: 1_2_areas.
"""

import numpy as np
from numpy.typing import NDArray

SHELVES, PER_SHELF, LIKED = 20, 15, 3
ITEMS = SHELVES * PER_SHELF


def visits(
    shoppers: int,
    length: int,
    seed: int,
    *,
    leave: float = 0.15,
    sequel: float = 0.3,
    stray: float = 0.3,
) -> NDArray[np.int64]:
    """The items that each shopper takes, in order.

    Args:
        shoppers: how many.
        length: visits of each.
        leave, sequel, stray: probabilities. With a `leave` of 1 and no sequels the order of the
            visits means nothing: taste is all there is.

    Returns:
        (shoppers, length) of 0 to ITEMS - 1; shelf s has the items from s * PER_SHELF on.

    Raises:
        ValueError: for less than 1 shopper or visit, or a probability outside 0..1.
    """
    if shoppers < 1 or length < 1:
        raise ValueError(
            f"expected at least 1 shopper and 1 visit, got {shoppers} shoppers, {length} visits"
        )
    for name, value in (("leave", leave), ("sequel", sequel), ("stray", stray)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name}: expected a probability from 0 to 1, got {value}")
    rng = np.random.default_rng(seed)
    in_shelf = 1 / np.arange(1, PER_SHELF + 1)
    in_shelf /= in_shelf.sum()
    of_shelf = np.arange(1, SHELVES + 1) ** -0.7
    of_shelf /= of_shelf.sum()
    anywhere = np.outer(of_shelf, in_shelf).ravel()

    rows = np.arange(shoppers)
    # The shelves with the largest log-weight plus Gumbel noise are a draw without repeats.
    liked = np.argsort(-(np.log(of_shelf) + rng.gumbel(size=(shoppers, SHELVES))))[:, :LIKED]
    shelf = liked[:, 0]
    last = np.full(shoppers, -1)  # place on the shelf; -1: nothing taken from it yet
    taken = np.empty((shoppers, length), dtype=np.int64)
    for t in range(length):
        leaves = rng.random(shoppers) < leave
        shelf = np.where(leaves, liked[rows, rng.integers(LIKED, size=shoppers)], shelf)
        last = np.where(leaves, -1, last)
        follows = (last >= 0) & (rng.random(shoppers) < sequel)
        by_rank = rng.choice(PER_SHELF, size=shoppers, p=in_shelf)
        place = np.where(follows, (last + 1) % PER_SHELF, by_rank)
        strays = rng.random(shoppers) < stray
        away = rng.choice(ITEMS, size=shoppers, p=anywhere)
        taken[:, t] = np.where(strays, away, shelf * PER_SHELF + place)
        last = np.where(strays, last, place)
    return taken
