"""Names in Shopify's files that are understood and left out on purpose: nothing here reads them.

Names, addresses and notes of people are among them, so that they do not reach the lake.
"""

from __future__ import annotations

_ADDRESS = (
    "Name",
    "Street",
    "Address1",
    "Address2",
    "Company",
    "City",
    "Zip",
    "Province",
    "Country",
    "Province Name",
)
CSV_QUIET = (
    "Paid at", "Fulfillment Status", "Accepts Marketing", "Subtotal", "Shipping", "Taxes", "Total",
    "Discount Code", "Discount Amount", "Shipping Method", "Lineitem name", "Lineitem compare at price",
    "Lineitem requires shipping", "Lineitem taxable", "Lineitem fulfillment status", "Notes",
    "Note Attributes", "Payment Reference", "Refunded Amount", "Vendor", "Outstanding Balance",
    "Employee", "Location", "Device ID", "Tags", "Risk Level", "Lineitem discount", "Receipt Number",
    "Duties", "Payment ID", "Payment Terms Name", "Next Payment Due At", "Payment References",
    *(f"Tax {n} {what}" for n in range(1, 6) for what in ("Name", "Value")),
    *(f"{who} {what}" for who in ("Billing", "Shipping") for what in _ADDRESS),
)  # fmt: skip

LINE_QUIET = tuple(
    f"line_items[].{one}"
    for one in (
        "id", "title", "name", "variant_title", "vendor", "grams", "fulfillable_quantity",
        "fulfillment_service", "fulfillment_status", "current_quantity", "taxable", "tax_lines",
        "total_discount", "total_discount_set", "discount_allocations", "properties", "price_set",
        "requires_shipping", "product_exists", "admin_graphql_api_id", "variant_inventory_management",
        "attributed_staffs", "duties", "pre_tax_price", "pre_tax_price_set", "origin_location",
        "destination_location", "product", "variant", "original_unit_price_set", "discounted_total_set",
        "discounted_unit_price_set", "original_total_set", "unfulfilled_quantity", "index", "__parentId",
        "refundable_quantity", "non_fulfillable_quantity", "custom_attributes", "image", "weight",
    )
)  # fmt: skip
ORDER_QUIET = (
    "line_items", "refunds", "returns", "fulfillments", "customer", "billing_address", "shipping_address",
    "client_details", "note", "note_attributes", "custom_attributes", "browser_ip", "client_ip",
    "payment_details", "payment_gateway_names", "payment_terms", "transactions", "tax_lines",
    "shipping_lines", "discount_codes", "discount_code", "discount_applications", "admin_graphql_api_id",
    "app_id", "app", "buyer_accepts_marketing", "cancel_reason", "cart_token", "checkout_id",
    "checkout_token", "closed_at", "closed", "confirmed", "company", "current_subtotal_price",
    "current_subtotal_price_set", "current_total_price", "current_total_price_set",
    "current_total_discounts", "current_total_discounts_set", "current_total_tax",
    "current_total_tax_set", "current_total_duties_set", "customer_locale", "device_id",
    "estimated_taxes", "fulfillment_status", "display_fulfillment_status", "gateway", "landing_site",
    "landing_site_ref", "landing_site_base_url", "location_id", "number", "order_number",
    "order_status_url", "original_total_duties_set", "presentment_currency",
    "presentment_currency_code", "processing_method", "reference", "referring_site",
    "source_identifier", "source_url", "subtotal_price", "subtotal_price_set", "tags",
    "taxes_included", "total_discounts", "total_discounts_set", "total_line_items_price",
    "total_line_items_price_set", "total_outstanding", "total_price", "total_price_set",
    "total_price_usd", "total_shipping_price_set", "total_tax", "total_tax_set", "total_tip_received",
    "total_weight", "token", "updated_at", "user_id", "return_status", "customer_journey_summary",
    "legacy_resource_id", "merchant_of_record_app_id", "po_number", "tax_exempt", "duties_included",
    "confirmation_number", "__parentId", "_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta",
    "_airbyte_generation_id", "shop_url", "_sdc_received_at", "_sdc_batched_at", "_sdc_sequence",
    "_sdc_table_version", "_sdc_extracted_at",
    *LINE_QUIET,
)  # fmt: skip
