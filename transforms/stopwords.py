"""Words that say nothing by themselves; no counted phrase begins or ends with one.

Negations, questions and directions (not, how, out, off) are not among them: they carry meaning.
"""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = (
    "a an the and or but so if because as than then that this these those there here it its it's i i'm i've i'd "
    "i'll me my mine myself you your yours you're we we're us our ours he him his she her hers they they're them "
    "their theirs who which what's that's there's am is are was were be been being isn't wasn't do does did doing "
    "have has had having will would could should can may might must shall to of in on at for with from by into "
    "about through during before after again once also just very really quite too much many some any each every "
    "all both few more most other such own same only even still already yet ever get got getting gets go going "
    "let us please thanks thank hi hello dear hey ok okay yes well one ones thing things lot lots bit kind sort "
    "etc im ive id dont didnt s t m d re ve ll"
)
_PORTUGUESE = (
    "a o as os um uma uns umas e ou mas se que quem qual quais de do da dos das em no na nos nas num numa por "
    "pelo pela pelos pelas para pra pro com ao aos à às até desde sobre entre eu me mim meu minha meus minhas "
    "você vocês voce te ti tu teu tua seu sua seus suas ele ela eles elas lhe lhes nós nos nosso nossa isso isto "
    "esse essa este esta esses essas estes estas aquele aquela aquilo é e' eh foi era são ser sou está esta estou "
    "estão estava tem têm tenho tinha ter há vai vou ir fui pode posso poder já ja mais muito muita muitos muitas "
    "também tambem só so bem então entao assim ainda quando como porque pois lá la aqui aí ai bom dia boa tarde "
    "noite sim havia ia seria apenas depois antes olá ola oi obrigado obrigada por favor tudo todo toda todos todas outro outra outros outras coisa"
)
STOP_WORDS: Mapping[str, frozenset[str]] = {
    "en": frozenset(_ENGLISH.split()),
    "pt": frozenset(_PORTUGUESE.split()),
}
