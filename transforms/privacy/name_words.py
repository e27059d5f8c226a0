"""Words around names: what stands behind a cue and is no name, titles, and brands that read like people."""

from __future__ import annotations

STOPS = frozenset(
    """
a account address all also am an and are as at because been bought brand but by can can't cant changed com company
comprei could cpf don't dont e e-mail em email estou eu even ever everything fiz for from get gostaria got had has
have here how i i'm i've if im in is it it's item its just mas meu minha misspelled model moro my na nao need never
no nosso not number não o of ola on only or order ordered os our paid para pedi pedido phone placed please por
product que recebi received send sent shop so sou spelled still store telefone tenho than thank thanks that the then
there this to too tracking um uma very want was we what when where which who why will with would wrong you your
""".split()  # noqa: SIM905 - one word beside the other can be read
)

TITLES = frozenset(
    """
dona dr dra madam miss mr mrs ms mx prof senhor senhora sir sr sra srta
""".split()  # noqa: SIM905 - one word beside the other can be read
)

NOT_NAMES = frozenset(
    """
a att atte atenciosamente cordialmente regards sincerely cheers mr mrs ms miss dr sr sra abril adidas adorei again agosto all also amazon amei american americanas amigos an and any anyone apple april are
as at august back bad best boa bom boys brand brazilian british but buyers can chinese christmas cliente clientes
company could customer customers dad dear december delivery deus dezembro disappointed do does domingo easter
english entrega equipe everyone february fevereiro folks for free french friday friends from gente gentlemen german
girls glad god good google gostei great guys happy have having hello here hey hi how i if im in is it italian
janeiro january jesus julho july june junho just kids ladies lannister like loja lojistas looking lord love madam
maio manufacturer march março may microsoft mom monday more muito mum my natal nespresso new nike no not november
novembro não obrigada obrigado october ok okay old on only order outubro people pessoal please prezados produto
quarta quinta really recomendo refund reviewers same samsung santa saturday segunda seller sellers senhores sent
september service setembro sexta shipping shop sim sir so sony sorry spanish still store sunday support sure sábado
target team terça thank thanks that the there this thursday to todos too trying tuesday unable vendor very walmart
we wednesday what when where why writing yes you
""".split()  # noqa: SIM905 - one word beside the other can be read
)

BRANDS = frozenset(
    " ".join(
        """
adam levine, alexander mcqueen, alexander wang, ann taylor, anna sui, anne klein, aunt jemima, ben sherman, betty
crocker, bobbi brown, calvin klein, carolina herrera, charles david, charlotte tilbury, christian dior, christian
louboutin, cole haan, david yurman, donna karan, dr martens, eddie bauer, elizabeth arden, estee lauder, geoffrey
beene, george foreman, harry potter, helena rubinstein, hugo boss, isaac mizrahi, jack daniels, james bond, jason
wu, jean jacket, jean jackets, jean shorts, jessica simpson, jimmy choo, john deere, john lewis, johnny walker, kate
spade, kenneth cole, laura ashley, laura mercier, levi jeans, levi strauss, louis vuitton, luiz vuitton, marc
jacobs, martha stewart, mary jane, mary janes, mary kay, max air, max factor, max mara, max studio, michael kors,
natasha denona, nina ricci, oscar mayer, paul mitchell, paul smith, perry ellis, peter pan, rachael ray, rachel ray,
ralph lauren, samuel adams, sara lee, sarah lee, simon pearce, steve madden, stuart weitzman, tom ford, tommy
bahama, tommy hilfiger, vera bradley, vera wang, victoria secret, victoria secrets
""".split()  # noqa: SIM905 - as above
    ).split(", ")
)
