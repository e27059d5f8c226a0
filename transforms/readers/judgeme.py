"""Judge.me: reviews, from its CSV (export and import form) and its API."""

from __future__ import annotations

from transforms.mapping_spec import ColumnMap
from transforms.readers.layout import UTC, Layout, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.reviews import by_product, review_parts
from transforms.readers.steps import TRUE

_OWN = "judgeme-"
_HIDDEN = drop("hidden review", test("hidden", matches=TRUE))
_SPAM = drop("spam", test("curated", matches="(?i)^spam$"))
CSV = Layout(
    key="judgeme/export",
    title="a Judge.me reviews export",
    marks=("rating", "reviewer_name|reviewer_email", "product_handle|product_id"),
    needs=("body", "review_date|created_at"),
    never=("reviewer",),
    remedy="export with Manage reviews > Export",
    quiet=listed("""
    reviewer_name, reply, reply_date, picture_urls, ip_address, location, source, product_id, product_title, product_url,
    metaobject_handle, country_code
    """),
    parts=review_parts(
        _OWN,
        id_=ColumnMap(
            content_id=tuple(
                map(plain, ("made.email", "product_handle", "product_id", "review_date", "body"))
            )
        ),
        at=take("review_date", "created_at", timezone=UTC),
        rating="rating",
        title="title",
        body="body",
        email=("reviewer_email",),
        uses=("product_handle", "product_id", "review_date"),
        filters=(_HIDDEN, _SPAM),
        beside=by_product("product_handle", "handle"),
    ),
)
API = Layout(
    key="judgeme/reviews",
    title="Judge.me reviews (API)",
    marks=("reviewer", "rating", "product_external_id|product_handle"),
    needs=("id", "body", "created_at"),
    remedy="ask for reviews as GET /api/v1/reviews gives them",
    quiet=listed("""
    reviewer, product_title, product_handle, product_external_id, source, curated, published, verified, featured,
    updated_at, ip_address, pictures, has_published_pictures, has_published_videos, videos
    """),
    parts=review_parts(
        _OWN,
        id_=take("id"),
        at=take("created_at", timezone=UTC),
        rating="rating",
        title="title",
        body="body",
        email=("reviewer.email",),
        uses=("product_handle",),
        filters=(_HIDDEN, _SPAM),
        beside=by_product("product_handle", "handle"),
    ),
)
JUDGEME = (CSV, API)
