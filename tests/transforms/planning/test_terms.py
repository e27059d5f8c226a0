import polars as pl

from transforms.planning.terms import PlanRules, with_terms

DEFAULT = {
    "service_level": 0.95, "lead_time_days": 14.0, "lead_time_std_days": 0.0,
    "review_period_days": 7.0,
}  # fmt: skip
SKUS = pl.DataFrame({"sku": ["A", "B", "C"], "category": ["tea", "tea", "pots"]})
PRODUCTS = pl.DataFrame(
    {
        "_source": ["x", "y", "x"],
        "sku": ["A", "A", "B"],
        "lead_time_days": [30.0, 99.0, None],
        "lead_time_std_days": [4.0, None, None],
        "review_period_days": [None, None, 0.0],
        "moq": [12.0, None, 0.0],
        "pack_size": [6.0, None, None],
    }
)


def test_the_nearest_setting_counts_and_says_where_it_is_from() -> None:
    rules = PlanRules(
        DEFAULT,
        categories={"tea": {"lead_time_days": 40.0, "service_level": 0.9}},
        skus={"B": {"service_level": 0.99, "lead_time_std_days": 2.0}},
    )
    made = with_terms(SKUS, PRODUCTS, rules).sort("sku")
    assert made["lead_time_days"].to_list() == [30.0, 40.0, 14.0]
    assert made["lead_time_source"].to_list() == ["product", "category_setting", "default"]
    assert made["service_level"].to_list() == [0.9, 0.99, 0.95]
    assert made["service_level_source"].to_list() == [
        "category_setting", "sku_setting", "default",
    ]  # fmt: skip
    assert made["lead_time_std_days"].to_list() == [4.0, 2.0, 0.0]
    assert made["moq"].to_list() == [12.0, None, None]
    assert made["pack_size"].to_list() == [6.0, None, None]
    assert made["review_period_days"].to_list() == [7.0, 1.0, 7.0]
    assert made["review_period_source"].to_list() == ["default", "product", "default"]


def test_without_products_the_defaults_stand() -> None:
    made = with_terms(SKUS, PRODUCTS.clear(), PlanRules(DEFAULT))
    assert made.height == 3
    assert made["lead_time_days"].to_list() == [14.0] * 3
    assert set(made["lead_time_source"]) == {"default"}
