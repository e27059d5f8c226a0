"""The border cases of the codebook, in words of our own."""

from __future__ import annotations

import pytest

from tests.transforms.tagging.conftest import Signals

POSITIVE = [
    ("I bought three extra bottles to have in reserve", "stocking_up"),
    ("Ordering six more before you run out!", "stocking_up"),
    ("We are stocking up for the winter", "stocking_up"),
    ("I bought a second one as a backup, just in case", "stocking_up"),
    ("Is there a discount if I buy in bulk?", "stocking_up"),
    ("My package still hasn't arrived", "delivery_worry"),
    ("Where is my order?", "delivery_worry"),
    ("The tracking has not moved for five days", "delivery_worry"),
    ("The second box never came, half of my order is missing", "delivery_worry"),
    ("When will it be delivered?", "delivery_worry"),
    ("your courier lost my parcel", "delivery_worry"),
    ("It broke after two weeks", "durability_question"),
    ("How long do these filters last?", "durability_question"),
    ("The sole came apart at the seams", "durability_question"),
    ("The handle feels flimsy", "durability_question"),
    ("I'm worried it won't last", "durability_question"),
    ("Stopped working after a month.", "durability_question"),
    ("Way too expensive for me", "price_objection"),
    ("Honestly it's not worth the price", "price_objection"),
    ("I'm waiting for it to go on sale", "price_objection"),
    ("The shipping fee is ridiculous", "extra_costs"),
    ("They charged me a cancellation fee", "extra_costs"),
    ("These boots run small", "sizing_confusion"),
    ("Will this fit model KX-200?", "sizing_confusion"),
    ("Will this fit model KX-200?", "product_question"),
    ("Is it compatible with the older charger?", "product_question"),
    ("Does it come with a manual?", "product_question"),
    ("I will definitely buy this again", "repeat_intent"),
    ("This is my second pair", "repeat_intent"),
    ("When will the blue one be back in stock?", "stockout_complaint"),
    ("I can't find these anywhere, have they been discontinued?", "stockout_complaint"),
    ("I want my money back", "return_intent"),
    ("How do I return this?", "return_intent"),
    ("I would return it but I threw away the box", "return_intent"),
    ("refund!", "return_intent"),
    ("Bought this for my sister's birthday", "gift_purchase"),
    ("I ordered the dress for a wedding", "gift_purchase"),
    ("My coupon code doesn't work", "checkout_problem"),
    ("Your site keeps giving me an error at checkout", "checkout_problem"),
    ("My card was declined", "checkout_problem"),
]

NEGATIVE = [
    ("No need to stock up, just one please.", "stockout_complaint"),
    ("I don't want to stock up, I only need one.", "stockout_complaint"),
    ("There is no need to stock up", "stocking_up"),
    ("I bought two", "stocking_up"),
    ("It serves as a backup guitar for gigs", "stocking_up"),
    ("I'm not worried about late delivery", "delivery_worry"),
    ("It arrived fast, great delivery", "delivery_worry"),
    ("My flight was delayed by two hours", "delivery_worry"),
    ("No delays, arrived two days early", "delivery_worry"),
    ("It hasn't broken so far", "durability_question"),
    ("It arrived broken", "durability_question"),
    ("Expensive but worth it", "price_objection"),
    ("Not too expensive at all", "price_objection"),
    ("Free shipping, no extra charge", "extra_costs"),
    ("Size 8 fits perfectly", "sizing_confusion"),
    ("It's compatible with everything I own.", "product_question"),
    ("I would never buy this again", "repeat_intent"),
    ("It is hard to find shoes that fit me", "stockout_complaint"),
    ("I received this as a gift", "gift_purchase"),
    ("It makes a great gift", "gift_purchase"),
    ("Great shoes, I love them", "return_intent"),
]


@pytest.mark.parametrize(("text", "signal"), POSITIVE)
def test_is_tagged(text: str, signal: str, signals: Signals) -> None:
    assert signal in signals(text)


@pytest.mark.parametrize(("text", "signal"), NEGATIVE)
def test_is_not_tagged(text: str, signal: str, signals: Signals) -> None:
    assert signal not in signals(text)


@pytest.mark.parametrize(
    "text", ["The colour is lovely and it looks nice on me", "Thanks for your help today", "ok"]
)
def test_most_passages_carry_nothing(text: str, signals: Signals) -> None:
    assert signals(text) == set()


PORTUGUESE = [
    ("Até agora não recebi o produto", "delivery_worry", True),
    ("nao chegou ainda", "delivery_worry", True),
    ("Entrega com muito atrazo, um absurdo", "delivery_worry", True),
    ("Cadê o meu pedido?", "delivery_worry", True),
    ("O prazo de entrega já venceu", "delivery_worry", True),
    ("Chegou antes do prazo, entrega rápida", "delivery_worry", False),
    ("Não houve atraso na entrega", "delivery_worry", False),
    ("Comprei três a mais para deixar de reserva", "stocking_up", True),
    ("vou fazer um estoque antes que acabe", "stocking_up", True),
    ("A loja não tinha o produto em estoque", "stocking_up", False),
    ("Quebrou com uma semana de uso", "durability_question", True),
    ("Parou de funcionar depois de um mês", "durability_question", True),
    ("O material é muito frágil e de péssima qualidade", "durability_question", True),
    ("O produto chegou quebrado na caixa", "durability_question", False),
    ("Quero meu dinheiro de volta", "return_intent", True),
    ("Com certeza comprarei novamente nesta loja", "repeat_intent", True),
    ("Nunca mais compro nada com vocês", "repeat_intent", False),
    ("Comprei para o aniversário da minha filha", "gift_purchase", True),
]


@pytest.mark.parametrize(("text", "signal", "expected"), PORTUGUESE)
def test_portuguese(text: str, signal: str, expected: bool, signals: Signals) -> None:  # noqa: FBT001
    assert (signal in signals(text, language="pt")) is expected
    plain = text.translate(str.maketrans("ãáàâéêíóôõúçÃÉ", "aaaaeeiooouçAE"))
    assert (signal in signals(plain.upper(), language="pt")) is expected


@pytest.mark.parametrize(
    "text", ["Boa tarde, tudo bem?", "Volto mais tarde", "Demorou para carregar mas funciona"]
)
def test_portuguese_lateness_of_other_things(text: str, signals: Signals) -> None:
    assert "delivery_worry" not in signals(text, language="pt")
