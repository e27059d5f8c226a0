"""Yotpo, Okendo and Shopify's own reviews app: reviews from their APIs and CSV files."""

from __future__ import annotations

from transforms.mapping_spec import ColumnMap
from transforms.readers.layout import UTC, Layout, drop, take, test
from transforms.readers.names import listed, plain
from transforms.readers.reviews import by_product, review_parts
from transforms.readers.steps import TRUE

YOTPO = Layout(
    key="yotpo/reviews",
    title="Yotpo reviews (API)",
    marks=("score", "content", "votes_up|reviewer_type|sentiment|verified_buyer"),
    needs=("id", "created_at"),
    quiet=listed("""
    votes_down, votes_up, updated_at, sentiment, name, reviewer_type, archived, escalated, product_id, verified_buyer,
    source_review_id, custom_fields, user, comment, images_data, incentivized, loyalty_tier, syndicated, app_key, source,
    product_name, product_url
    """),
    parts=review_parts(
        "yotpo-",
        id_=take("id"),
        at=take("created_at", timezone=UTC),
        rating="score",
        title="title",
        body="content",
        email=("email", "user.email"),
        uses=("sku", "product_id"),
        filters=(drop("deleted review", test("deleted", matches=TRUE)),),
        beside=by_product("sku|product_id", "legacy_resource_id|id"),
    ),
)
_WORDS = ("Review Content", "Date", "Product ID", "made.email")
YOTPO_CSV = Layout(
    key="yotpo/export",
    title="a Yotpo reviews export",
    marks=("Review Score", "Review Title|Display Name", "Product ID|Product Name"),
    needs=("Review Content", "Date"),
    remedy="export with Moderation > Reviews > Export",
    quiet=listed("""
    Review ID, Product Name, Display Name, Product URL, Published, Review Status, Comment, Sentiment,
    Source
    """),
    parts=review_parts(
        "yotpo-",
        id_=ColumnMap(content_id=tuple(map(plain, _WORDS))),
        at=take("Date", timezone=UTC),
        rating="Review Score",
        title="Review Title",
        body="Review Content",
        email=("Email",),
        uses=("Product ID", "Date"),
        beside=by_product("Product ID", "legacy_resource_id|id"),
    ),
)
OKENDO = Layout(
    key="okendo/reviews",
    title="Okendo reviews (API)",
    marks=("reviewId", "rating", "productId"),
    needs=("body", "dateCreated"),
    quiet=listed("""
    subscriberId, productName, productHandle, productImageUrl, productUrl, productVariantName, variantId, helpfulCount,
    unhelpfulCount, isRecommended, containsProfanity, attributesWithRating, productAttributes, order, reviewer, reply, media,
    sentiment, languageCode, status, isIncentivized, location, dateModified, rewards
    """),
    parts=review_parts(
        "okendo-",
        id_=take("reviewId"),
        at=take("dateCreated", timezone=UTC),
        rating="rating",
        title="title",
        body="body",
        email=("reviewer.email",),
        language=take("languageCode", extract="^([a-zA-Z]{2})"),
        uses=("productId",),
        filters=(drop("rejected review", test("status", matches="(?i)^rejected$")),),
        beside=by_product("productId", "legacy_resource_id|id"),
    ),
)
_OKENDO_WORDS = ("email", "name", "dateCreated", "productId", "handle", "sku", "body")
OKENDO_CSV = Layout(
    key="okendo/import",
    title="an Okendo reviews file",
    marks=("dateCreated", "rating", "body", "handle|productId|sku"),
    never=("reviewId",),
    quiet=listed("""
    imageUrls, videoUrls, countryCode, productName, status, isRecommended, reply, orderId, name,
    verified
    """),
    parts=review_parts(
        "okendo-",
        id_=ColumnMap(content_id=tuple(map(plain, _OKENDO_WORDS))),
        at=take("dateCreated", timezone=UTC),
        rating="rating",
        title="title",
        body="body",
        email=("email",),
        sku=take("sku"),
        uses=_OKENDO_WORDS,
        beside=by_product("handle", "handle"),
    ),
)
_SHOPIFY_WORDS = ("product_handle", "author", "email", "created_at", "body")
SHOPIFY_REVIEWS = Layout(
    key="shopify/reviews export",
    title="a Shopify Product Reviews export",
    marks=("product_handle", "state", "rating", "replied_at|reply"),
    needs=("body", "created_at"),
    never=("reviewer_email",),
    quiet=listed("author, location, reply, replied_at"),
    parts=review_parts(
        "review-",
        id_=ColumnMap(content_id=tuple(map(plain, _SHOPIFY_WORDS))),
        at=take("created_at", timezone=UTC),
        rating="rating",
        title="title",
        body="body",
        email=("email",),
        uses=_SHOPIFY_WORDS,
        filters=(drop("not published", test("state", not_in=("published",))),),
        beside=by_product("product_handle", "handle"),
    ),
)
MORE_REVIEWS = (YOTPO, YOTPO_CSV, OKENDO, OKENDO_CSV, SHOPIFY_REVIEWS)
