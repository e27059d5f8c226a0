"""Reviews, of any system: one review is one conversation, and one passage where it has words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from transforms.mapping_spec import ColumnMap, RowFilter
from transforms.readers.layout import Beside, Part, always, drop, take, test
from transforms.readers.steps import blank_as_null, lowered, plain_text


def spoken(title: str, body: str, email: Sequence[str]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """A step: title and body as one text without HTML, and the reviewer's address in one form."""

    def prepare(frame: pl.DataFrame) -> pl.DataFrame:
        frame = blank_as_null(frame)
        frame = frame.with_columns(plain_text(title, "made.title"), plain_text(body, "made.body"))
        texts = [pl.col(one).replace("", None) for one in ("made.title", "made.body")]
        text = pl.concat_str(texts, separator=". ", ignore_nulls=True).replace("", None)
        category = pl.coalesce(
            [pl.col(n).replace("", None) for n in frame.columns if n.startswith("shop.")]
            or [pl.lit(None, pl.String)]
        )
        frame = frame.with_columns(text.alias("made.text"), category.alias("made.category"))
        return lowered(frame, email, "made.email")

    return prepare


def review_parts(
    own: str,
    *,
    id_: ColumnMap,
    at: ColumnMap,
    rating: str,
    title: str,
    body: str,
    email: Sequence[str],
    sku: ColumnMap | None = None,
    language: ColumnMap | None = None,
    uses: Sequence[str] = (),
    filters: Sequence[RowFilter] = (),
    beside: Sequence[Beside] = (),
) -> tuple[Part, ...]:
    """Conversations, passages and customers of a file of reviews; `own` is the ids' prefix."""
    prefix = {"conversation_id": own, "passage_id": own}
    given = (*uses, title, body, *email, rating)
    step = spoken(title, body, email)
    about = {} if sku is None else {"sku": sku}
    tongue = {} if language is None else {"language": language}
    conversation = {
        "conversation_id": id_,
        "channel": always("review"),
        "started_at": at,
        "customer_id": take("made.email"),
        "rating": take(rating),
        "category": take("made.category"),
        **about,
        **tongue,
    }
    passage = {
        "passage_id": id_,
        "conversation_id": id_,
        "text": take("made.text"),
        "said_at": at,
        "speaker": always("customer"),
    }
    wordless = drop("no words", test("made.text", null=True))
    customer = {"customer_id": take("made.email"), "email": take("made.email")}
    return (
        Part(
            "conversations",
            conversation,
            uses=given,
            prepare=step,
            prefix=prefix,
            beside=tuple(beside),
            filter=tuple(filters),
        ),
        Part(
            "passages",
            passage,
            uses=given,
            prepare=step,
            prefix=prefix,
            filter=(*filters, wordless),
        ),
        Part("customers", customer, uses=given, prepare=step, derived=True),
    )


def by_product(on: str, key: str) -> tuple[Beside, ...]:
    """The product type of what was reviewed, from whichever products of the shop lie beside."""
    layouts = ("shopify/products", "shopify/product table", "shopify/products export")
    return (Beside(layouts, on, key, ("product_type", "Type"), mark="shop"),)
