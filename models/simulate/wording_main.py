"""Wording of the three signals that lead something, and of sentences that only look like them.

Slots: {p} and {s} the product in plural and singular, {n} a number, {dur} a span of time,
{day} a weekday, {season} a time of the year, {who} a person.
"""

from __future__ import annotations

STOCKING_UP: tuple[str, ...] = (
    "I want to stock up on {p} before {season}.",
    "We're stocking up, so please put {n} packs of the {p} in one box.",
    "Can I get {n} of the {p} at once? I'd like to have a reserve in the cupboard.",
    "I ordered {n} instead of one so that I have some spare {p} at home.",
    "Is there a limit per order? I was going to buy {p} in bulk.",
    "Better to have too many {p} than too few, so I took {n} this time.",
    "I bought an extra pack of the {p} as a backup.",
    "Just filling the shelf with {p} so I won't have to think about it for {dur}.",
    "I'm putting {n} packs aside for {season}.",
    "We got a bulk order of {p} to last us through {season}.",
    "Grabbed {n} packs of these while they are still around, for later.",
    "Do you sell a case of {n}? I would like a stash of {p} for {season}.",
    "My plan is to lay in a supply of {p} for {dur}.",
    "I only need one {s} now, but I'm taking {n} to be on the safe side.",
    "Hoarding {p} a bit, I admit: {n} packs are on their way into my pantry.",
    "Before you run out of them I'd like {n} packs of {p} for the storeroom.",
    "I keep a few {p} in reserve, so make it {n} please.",
    "Could you reserve a larger quantity of {p}? We want to build up some stock for {season}.",
    "Added two more {p} than I need, so there is always a spare one in the drawer.",
    "With {season} coming I'd rather have {n} {p} put by than be caught short.",
)

DELIVERY_WORRY: tuple[str, ...] = (
    "Where is my order? It was supposed to be here on {day}.",
    "The tracking hasn't moved for {dur}.",
    "When will my {p} arrive?",
    "My parcel with the {p} still hasn't shown up.",
    "It says delivered but I never received anything.",
    "I'm getting worried, the package is late already.",
    "Will the {p} get here by {day}?",
    "The delivery date has been pushed back again.",
    "It has been {dur} and there is no sign of my {p}.",
    "Your courier keeps saying tomorrow and nothing comes.",
    "Is my order lost? The status has been 'in transit' for {dur}.",
    "I paid on {day} and it has not even shipped yet.",
    "Still waiting for the {p}, the estimated date has come and gone.",
    "Could you check on my shipment, it seems stuck at the depot.",
    "Not sure that my order will make it in time for {day}.",
    "Shipping took {dur}, far longer than you promised.",
    "The {p} came {dur} late and nobody told me why.",
    "Half of the order is missing, the second parcel never came.",
)

DURABILITY_QUESTION: tuple[str, ...] = (
    "How long do the {p} last with daily use?",
    "The {s} broke after {dur}.",
    "After {dur} it simply stopped working.",
    "Mine is worn out already, and I have had it for {dur}.",
    "Will the {p} hold up outdoors?",
    "The material feels flimsy, I don't think that it will survive {season}.",
    "Do the {p} wear out quickly?",
    "The seam came apart after {dur}.",
    "There is a crack in the {s} now, and I was careful with it.",
    "The colour faded after a few washes.",
    "I expected the {s} to live longer than {dur}.",
    "What is the lifespan of the {p}?",
    "The {p} fall to pieces far too soon.",
    "It snapped in two on {day}, after {dur} of light use.",
    "Are the {p} sturdy enough for heavy use over {dur}?",
    "They have lost their shape within {dur}.",
    "This {s} gave up on me after only {dur}.",
    "The edge is fraying, is that normal after {dur}?",
)

NEAR_STOCKING: tuple[str, ...] = (
    "No need to stock up, just one please.",
    "I don't want to stock up, I only need the one {s}.",
    "We are not buying in bulk, it is a single {s}.",
    "One {s} is enough for us, thank you.",
    "I never keep spares at home.",
    "I need four because there are four of us.",
    "I'm not hoarding anything, I promise, one pack is plenty.",
    "My neighbour stocks up on everything, I don't.",
)

NEAR_DELIVERY: tuple[str, ...] = (
    "I'm not worried about delivery, take your time.",
    "It arrived sooner than I had thought, thank you.",
    "Delivery was fast as always.",
    "No rush at all with the shipping.",
    "The parcel came on {day}, exactly as promised.",
    "The courier was friendly and right on time.",
    "I don't mind when it arrives.",
    "It never arrives late, you are great.",
)

NEAR_DURABILITY: tuple[str, ...] = (
    "Mine never broke and it still looks new.",
    "No wear at all after {dur}, well done.",
    "I have no concerns about how sturdy it is.",
    "It has held up wonderfully for {dur}.",
    "The {p} didn't fade in the wash.",
    "Nothing flimsy about these {p}.",
    "It isn't broken or anything, I just wanted to say thanks.",
    "Solid as a rock after {dur}.",
)

AGENT_TRAPS: tuple[str, ...] = (
    "Many customers stock up on {p} before {season}, would you like a second pack?",
    "You can save if you buy in bulk.",
    "I understand that you are worried about the delivery, let me look.",
    "Your parcel may arrive late because of the weather.",
    "If it breaks within two years, we replace it.",
    "How long did the {s} last before it stopped working?",
    "Shall I start a return for you?",
    "Is it a gift for somebody?",
    "Was the price too high for you?",
    "Do you need help with the size of the {p}?",
    "Did the card payment fail at checkout?",
    "That item is out of stock, I can tell you when it is back.",
)

AGENT_PLAIN: tuple[str, ...] = (
    "Thanks for getting in touch, how can I help?",
    "Let me look that up for you.",
    "Could I have your order number, please?",
    "One moment, I'm opening your account.",
    "I have made a note of it.",
    "Is there anything else I can do for you?",
    "Thank you for your patience.",
    "I'll pass this on to the team.",
)
