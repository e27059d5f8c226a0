"""Wording of the other nine signals; slots as in `wording_main`."""

from __future__ import annotations

OTHER: dict[str, tuple[str, ...]] = {
    "price_objection": (
        "That is too expensive for a {s}.",
        "I'd buy the {p} if they were cheaper.",
        "Honestly, {p} aren't worth that much money.",
        "I'm waiting for a sale on the {p}.",
        "The price of the {p} has gone up too much.",
        "Your competitor asks a lot less for the same thing.",
        "It's overpriced in my opinion.",
        "I can't justify spending that on a {s}.",
    ),
    "extra_costs": (
        "Why is the shipping fee so high?",
        "Do I have to pay customs on top?",
        "There was a handling charge that nobody mentioned.",
        "The tax at the end came as a surprise.",
        "How much is postage to my address?",
        "I was charged a fee that wasn't on the page.",
        "Nine dollars of shipping for one small box is cheeky.",
    ),
    "sizing_confusion": (
        "I'm between two sizes and don't know which one to take.",
        "These run small, I should have gone one up.",
        "The {s} turned out larger than I had imagined.",
        "The size chart confuses me.",
        "Medium was too tight and large is too loose.",
        "It doesn't fit, although I measured twice.",
        "Which size do I take if I'm usually a nine?",
    ),
    "product_question": (
        "What material are the {p} made of?",
        "Are the {p} compatible with last year's model?",
        "Can I put the {s} in the dishwasher?",
        "Does the pack come with instructions?",
        "Is the {s} free of latex?",
        "How do I clean the {p} properly?",
        "Do the {p} work with the older version as well?",
        "Which colours are inside the mixed pack?",
        "Where are the {p} made?",
    ),
    "repeat_intent": (
        "I will definitely order the {p} again.",
        "This is my third order with you.",
        "Bought them last year and came back for another one.",
        "I'd like to subscribe so that they come every month.",
        "We'll be back for more of the {p}.",
        "Same {p} again please, as in my last order.",
        "I have ordered from this shop several times and will do so again.",
    ),
    "stockout_complaint": (
        "The {s} that I want is sold out everywhere.",
        "When will the {p} be back in stock?",
        "It says unavailable, is that for good?",
        "Have you discontinued the blue ones? I can't find them.",
        "My favourite {p} are out of stock again.",
        "Please let me know when the {p} are available again.",
        "The website shows zero left of the {p} that I'm after.",
    ),
    "return_intent": (
        "I'd like to return the {p}.",
        "How do I send the {s} back?",
        "I want my money back, please.",
        "Can I exchange it for the other colour?",
        "I've sent one {s} back already.",
        "Please tell me how to get a refund.",
        "I'm not sure that I'll keep the {s}.",
    ),
    "gift_purchase": (
        "It's a present for {who}.",
        "I bought the {p} for {who}, could you add a card?",
        "Please wrap it nicely, it goes to {who}.",
        "This is for {who}'s birthday.",
        "I'm getting one for {who} for Christmas.",
        "Ordered it as a wedding gift for {who}.",
        "The {p} are going under the tree for {who}.",
    ),
    "checkout_problem": (
        "The payment page keeps giving me an error.",
        "My card was declined three times although it is fine.",
        "The coupon code doesn't work in the cart.",
        "I couldn't finish the order, the button does nothing.",
        "The app crashed right when I wanted to pay.",
        "My basket was empty again when I got to the till page.",
        "I was charged twice for the same basket.",
    ),
}

PORTUGUESE: dict[str, tuple[str, ...]] = {
    "stocking_up": (
        "Quero fazer estoque em casa, então vou levar {n} pacotes.",
        "Comprei vários de uma vez para ter de reserva.",
        "Vou levar um a mais só por garantia, para deixar guardado.",
        "Quero comprar em grande quantidade para não faltar depois.",
    ),
    "delivery_worry": (
        "Meu pedido ainda não chegou.",
        "O prazo de entrega já passou e nada.",
        "O rastreamento está parado há dias.",
        "Quando vai chegar a minha encomenda?",
    ),
    "durability_question": (
        "Quebrou depois de duas semanas de uso.",
        "Quanto tempo dura esse produto?",
        "Parou de funcionar em menos de um mês.",
        "O material é frágil, acho que não vai durar.",
    ),
    "price_objection": ("Achei muito caro.", "Não vale o preço que cobram."),
    "extra_costs": ("O frete está caro demais.", "Por que cobraram uma taxa a mais?"),
    "sizing_confusion": ("Não sei qual tamanho escolher.", "Ficou menor do que eu esperava."),
    "product_question": ("De que material é feito?", "É compatível com o modelo antigo?"),
    "repeat_intent": ("Vou comprar de novo com certeza.", "É a terceira vez que compro aqui."),
    "stockout_complaint": ("Quando volta ao estoque?", "O azul está esgotado de novo."),
    "return_intent": ("Quero devolver o produto.", "Como faço para trocar?"),
    "gift_purchase": ("É um presente para a minha mãe.", "Comprei para o aniversário dela."),
    "checkout_problem": ("O pagamento não foi aceito pelo site.", "O cupom não funciona."),
}

PORTUGUESE_PLAIN: tuple[str, ...] = (
    "Muito obrigado pelo atendimento.",
    "Gostei bastante da cor.",
    "Chegou antes do prazo, parabéns.",
    "Não estou preocupado com a entrega.",
    "Tudo certo, recomendo.",
)

FINNISH: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Kiitos nopeasta vastauksesta.", ()),
    ("Tuote on juuri sellainen kuin toivoin.", ()),
    ("Milloin tilaukseni saapuu?", ("delivery_worry",)),
    ("Ostan muutaman varalle kotiin.", ("stocking_up",)),
    ("Kuinka kauan tämä kestää käytössä?", ("durability_question",)),
    ("Väri on kaunis.", ()),
)

PLAIN: tuple[str, ...] = (
    "I love the colour.",
    "Please update the address on my account.",
    "Thank you so much for the quick help.",
    "The {p} look lovely in the kitchen.",
    "My order number is {order}.",
    "Exactly what I was hoping for.",
    "I forgot my password, can you reset it?",
    "Please take me off the newsletter.",
    "The packaging was neat.",
    "Your team was very kind on the phone.",
    "I saw you at the fair on {day} and remembered the name.",
    "The {s} does what it should.",
    "I use mine nearly every day.",
    "I need a copy of the invoice for order {order}.",
    "It fits perfectly and feels nice.",
    "Good value, nothing to complain about.",
    "My dog approves, for what it's worth.",
    "Could you change the name on the account?",
    "I recommended you to {who}.",
    "The photos on the page are very true to life.",
    "It would make a great gift for somebody.",
    "I read the leaflet and all is clear now.",
    "Do you have a shop in town that I can visit?",
    "What are your opening hours on {day}?",
)

CONTACTS: tuple[str, ...] = (
    "You can write to me at {mail}.",
    "Please call me back on {phone}.",
    "My e-mail is {mail} and my number is {phone}.",
    "Reach me at {phone} after six.",
)

OPENERS: tuple[str, ...] = ("Hi, ", "Hello. ", "Good morning. ", "Hi there! ", "Dear team, ")
CLOSERS: tuple[str, ...] = (" Thanks!", " Thank you.", " Best wishes.", " Cheers", " Many thanks.")
NUMBERS: tuple[str, ...] = ("three", "four", "5", "six", "8", "ten", "a dozen", "12")
SPANS: tuple[str, ...] = (
    "two weeks", "ten days", "a month", "three months", "six weeks", "a few weeks", "5 weeks",
)  # fmt: skip
DAYS: tuple[str, ...] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
SEASONS: tuple[str, ...] = ("winter", "the holidays", "summer", "the new year", "spring", "autumn")
PEOPLE: tuple[str, ...] = ("my sister", "my dad", "a friend", "my wife", "my son", "my grandma")
