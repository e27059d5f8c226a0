"""Postal addresses in English and Portuguese: street lines, boxes, and postcodes with their town.

United States ZIP, Canadian, British and Irish postcodes, Brazilian CEP and Portuguese códigos postais. A street line
is a house number beside a street's name and kind; a postcode counts where its form is telling (SW1A 1AA, 01310-100) or
a state, town or word like "zip" stands beside it. Every repetition is bounded, so time is linear in the text's length.
"""

from __future__ import annotations

import re

from transforms.privacy.marks import ADDRESS

_UP = "A-ZÀ-ÖØ-Þ"
_LO = "a-zß-öø-ÿ"
_CAP = rf"[{_UP}][\w'’.-]{{0,30}}"
_GAP = r"[ \t\u00a0]{1,3}"
_COMMA = r"[ \t\u00a0]{0,3}(?:[,;]|\s-|\n|\r\n)?[ \t\u00a0]{0,3}"
_KINDS = (
    "Street|Streets|St|Str|Avenue|Ave|Av|Road|Roads|Rd|Lane|Ln|Drive|Drives|Dr|Boulevard|Blvd|Court|Courts|Ct|Way|Ways|"
    "Place|Pl|Square|Squares|Sq|Terrace|Ter|Close|Crescent|Cres|Highway|Hwy|Parkway|Parkways|Pkwy|Circle|Circles|Cir|"
    "Trail|Trl|Grove|Groves|Gardens|Mews|Row|Walk|Walks|Hill|Hills|Alley|Turnpike|Pike|Freeway|Expressway|Plaza|Ridge|"
    "Ridges|Path|Quay|Rise|Heights|Estate|Estates|Parade|Esplanade|Bypass|Byway|Crossing|Crossroad|Crossroads|Landing|Bend|"
    "Cove|Creek|Causeway|Canyon|Bluff|Bluffs|Junction|Junctions|Knoll|Knolls|Lodge|Manor|Manors|Meadow|Meadows|Mill|"
    "Mills|Mount|Orchard|Oval|Route|Spur|Spurs|Throughway|Trace|Trafficway|Viaduct|Village|Villages|Ville|Villas|Vista|"
    "Motorway|Overpass|Underpass|Skyway|Rue|Via|Roadway|Frontage|Gateway|Broadway"
)
_WEAK_KINDS = (
    "Annex|Arcade|Bayou|Beach|Bottom|Branch|Bridge|Brook|Brooks|Burg|Burgs|Camp|Cape|Center|Centers|Centre|Chase|Cliff|"
    "Cliffs|Club|Common|Commons|Corner|Corners|Course|Coves|Crest|Curve|Dale|Dam|Distributor|Divide|Drift|End|Extension|Extensions|"
    "Fall|Falls|Ferry|Field|Fields|Flat|Flats|Ford|Fords|Forest|Forge|Forges|Fork|Forks|Fort|Garden|Glade|Glen|Glens|Green|"
    "Greens|Harbor|Harbors|Haven|Hollow|Inlet|Island|Islands|Isle|Key|Keys|Lake|Lakes|Land|Light|Lights|Loaf|Lock|Locks|"
    "Loop|Mall|Mission|Mountain|Mountains|Neck|Park|Parks|Pass|Passage|Pine|Pines|Plain|Plains|Point|Points|Port|Ports|"
    "Prairie|Radial|Ramp|Ranch|Rapid|Rapids|Reach|Rest|River|Run|Shoal|Shoals|Shore|Shores|Side|Spring|Springs|Station|"
    "Stravenue|Stream|Summit|Track|Trailer|Tunnel|Union|Unions|Valley|Valleys|View|Views|Wall|Well|Wells"
)
_SURE_KINDS = "street|avenue|road|lane|boulevard|highway|parkway|crescent"
_UNIT = (
    r"(?:(?:Apartment|Apt|Unit|Suite|Ste|Flat|Room|Rm|Floor|Studio|Box|PMB|Bldg|Building|Lot|Trlr|Level|Door)\.?"
    r"[ \t]{0,2}#?[ \t]?[A-Za-z0-9-]{1,6}|#[ \t]?[A-Za-z0-9-]{1,6})"
)
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|"
    "RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR|GU|VI|AS|MP|FM|MH|PW|AA|AE|AP|Alabama|Alaska|Arizona|"
    "Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|"
    "Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|"
    "New[ ](?:Hampshire|Jersey|Mexico|York)|North[ ](?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode[ ]Island|"
    "South[ ](?:Carolina|Dakota)|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West[ ]Virginia|Wisconsin|Wyoming"
)
_UK = (
    r"(?:GIR[ ]?0AA|(?:[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d[ABEHMNPRV-Y]))"
    r"[ \u00a0]\d[ABD-HJLNP-UW-Z]{2})"
)
_CANADA = r"[ABCEGHJ-NPRSTVXY]\d[A-Z][ \u00a0-]?\d[A-Z]\d"
_EIRCODE = r"(?:[AC-FHKNPRTV-Y]\d{2}|D6W)[ \u00a0]?(?=[0-9A-Z]{0,3}[A-Z])[0-9AC-FHKNPRTV-Y]{4}"
_TOWN = rf"(?:(?:d[aeo]s?{_GAP})?{_CAP}(?:{_GAP}(?:{_CAP}|d[aeo]s?|of|upon|on|the)){{0,4}})"
_ZIP = (
    rf"(?:(?:{_TOWN}[,]?{_GAP})?(?:{_STATES})\.?,?{_GAP}\d{{5}}(?:-\d{{4}})?(?![\w-])"
    rf"|(?:{_TOWN}[,]?{_GAP})?(?:NSW|QLD|VIC|TAS|ACT|SA|WA|NT),?{_GAP}\d{{4}}(?![\w-]))"
)
_STREET_EN = re.compile(
    rf"(?<![\w#$€£.,:/-])(?:(?:{_UNIT}),?{_GAP}|(?:{_UNIT})\n)?"
    rf"\d{{1,6}}(?:[A-Za-z](?=\s)|[-/]\d{{1,5}}|{_GAP}?½)?,?{_GAP}"
    rf"(?:(?:(?:[{_UP}0-9][\w'’.-]{{0,30}}){_GAP}){{1,4}}(?:(?:{_KINDS})\b\.?|(?P<weak>(?:{_WEAK_KINDS})\b))|"
    rf"(?:[\w'’.-]{{2,30}}{_GAP}){{1,3}}?(?:{_SURE_KINDS})\b)"
    rf"(?:{_GAP}(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\b\.?)?"
    rf"(?:{_COMMA}{_UNIT})?"
)
_MORE_EN = re.compile(
    rf"(?:{_COMMA}{_TOWN})?{_COMMA}(?:{_ZIP}|{_UK}|(?:[A-Z]{{2}},?{_GAP})?{_CANADA}|{_EIRCODE}|\d{{5}}(?:-\d{{4}})?)(?!\w)"
)
_BOX = re.compile(
    r"(?<!\w)(?:(?:P\.?[ ]?O\.?|Post[ ]Office)[ ]?Box|PMB|Caixa Postal|Apartado(?: Postal)?)[ #:nº.]{0,4}\d{1,6}\b",
    re.IGNORECASE,
)
_ARMY = re.compile(
    rf"(?<!\w)(?:Unit|PSC|USS|USNS|USNV|USCGC)[ ][\w ]{{1,30}}(?:Box[ ]\d{{1,6}})?\s{{0,3}}(?:[AFD]PO),?[ ](?:{_STATES})[ ]\d{{5}}"
)
_STREET_KIND_PT = (
    r"(?:Rua|R\.|Avenida|Av\.?|Travessa|Trav\.|Tv\.|Alameda|Al\.|Praça|Pça\.?|Praca|Estrada|Estr\.|Rodovia|Rod\.|Largo|"
    r"Lgo\.|Beco|Viela|Ladeira|Calçada|Vereda|Passarela|Quadra|Conjunto|Loteamento|Condomínio|Condominio|Residencial|"
    r"Jardim|Parque|Vila|Via|Viaduto|Núcleo|Setor|Sítio|Chácara|Fazenda|Favela|Feira|Colônia|Distrito|Esplanada|"
    r"Estação|Lago|Lagoa|Morro|Pátio|Recanto|Trecho|Trevo|Vale|Aeroporto|Área|Campo|Urbanização|Bairro|Calle|Carrera)"
)
_LOWER_KIND_PT = r"(?:rua|r\.|largo|praca|avenida|av\.|travessa|alameda|praça|estrada|rodovia)"
_WORD_PT = rf"(?:[{_UP}][\w'’.-]{{0,30}}|\d{{1,3}}|d[aeo]s?|e)"
_NUMBER_PT = r"(?:n[º°.ro]{0,3}[ ]?|número[ ]|numero[ ]|lote[ ]|km[ ])?\d{1,6}(?:-?[A-Za-z])?(?![\w])(?!-\d)(?:[ ]?[,-]?[ ]?\d{1,2}º(?:[ ]\w{1,4})?)?"
_REST_PT = (
    r"(?:[ \t]{0,2}[,;/-]?[ \t]{0,2}(?:apto?\.?|apartamento|ap\.?|bloco|bl\.?|casa|fundos|sala|andar|torre|quadra|qd\.?|"
    r"lote|lt\.?|sobrado|loja|conj\.?|edifício|ed\.?)[ .:]{0,2}[\w-]{0,8}){0,4}"
)
_STREET_PT = re.compile(
    rf"(?<!\w)(?:{_STREET_KIND_PT}{_GAP}{_WORD_PT}(?:{_GAP}{_WORD_PT}){{0,6}}{_COMMA}(?:{_NUMBER_PT}|[Ss]/[Nn]\b)|"
    rf"{_LOWER_KIND_PT}{_GAP}(?:[\w'’.-]{{1,30}}{_GAP}){{0,5}}[\w'’.-]{{1,30}}(?:[ ]?,[ ]?|[ ])"
    rf"(?:n[º°.]{{1,2}}[ ]?|número[ ]|numero[ ])\d{{1,6}}|"
    rf"{_LOWER_KIND_PT}{_GAP}(?:[\w'’.-]{{1,30}}{_GAP}){{0,5}}[\w'’.-]{{1,30}}[ ]?,[ ]?\d{{2,6}})"
    rf"(?![ ]?(?:dias|vezes|horas|reais|unidades|anos|%|h\b))(?![\d]){_REST_PT}"
)
_UF = "AC|AL|AP|AM|BA|CE|DF|ES|GO|MA|MT|MS|MG|PA|PB|PR|PE|PI|RJ|RN|RS|RO|RR|SC|SP|SE|TO"
_CEP = re.compile(
    rf"(?<![\w.,/-])(?:[Cc][Ee][Pp][ :.nº]{{0,4}})?(?:\d{{5}}-\d{{3}}|\d{{2}}\.\d{{3}}-\d{{3}})(?![\w-])"
    rf"(?:[ ]?{_TOWN}(?:{_COMMA}(?:/[ ]?)?(?:{_UF})\b)?)?"
    rf"|(?<!\w)[Cc][Ee][Pp][ :.nº]{{0,4}}(?:é[ ]|de[ ]entrega[ ]|novo[ ])?\d{{8}}(?!\d)"
    rf"|(?<![\w.,/-])\d{{8}}[ ]{_TOWN}[ ]?[/-][ ]?(?:{_UF})\b"
)
_PORTUGAL = re.compile(
    rf"(?<![\w.,/-])[1-9]\d{{3}}-\d{{3}}(?!\w)(?![-]\d){_GAP}{_TOWN}"
    r"|(?<!\w)[Cc]ódigo[ ][Pp]ostal[ :.é]{0,4}\d{4}-\d{3}(?!\d)"
)
_POSTCODES = re.compile(
    rf"(?<![\w-])(?:{_ZIP}|(?:{_TOWN},{_GAP})?{_UK}(?![\w-])|{_CANADA}(?<=[ \u00a0]\d[A-Z]\d)(?![\w-]))"
)
_AFTER_WORD = re.compile(
    r"(?<!\w)(?P<cue>(?:zip|zip[ ]?code|zipcode|post[ ]?code|postal[ ]code|eircode|my[ ]zip)[ ]?(?:is|:|=|#|-)?[ ]{0,2})"
    rf"(?:\d{{5}}(?:-\d{{3,4}})?|\d{{8}}|\d{{4}}(?:-\d{{3}})?|{_UK}|[A-Za-z]{{1,2}}\d[A-Za-z\d]?[ ]?\d[A-Za-z]{{2}}|{_CANADA}|{_EIRCODE})(?!\w)",
    re.IGNORECASE,
)
_JOINED = re.compile(rf"{ADDRESS}(?:[ \t]*[,;/-]?[ \t]*\r?\n?[ \t]*{ADDRESS})+")
_AREA_PT = re.compile(
    rf"{ADDRESS}[ \t]{{0,2}}[,\n-][ \t]{{0,2}}(?!{ADDRESS}){_TOWN}(?:[ \t]{{0,2}}[,\n-][ \t]{{0,2}}{_TOWN})?"
    rf"[ \t]{{0,2}}[,\n/-][ \t]{{0,2}}(?:(?:{_UF})\b|(?={ADDRESS}))"
)


_AT_PLACE = re.compile(
    r"\b(?:live[sd]? at|living at|address|addressed to|(?:ship|send|deliver|mail)\w*(?: \w+){0,3} to|located at|reside at)\b[^.!?]{0,12}\Z",
    re.IGNORECASE,
)
_HINT = re.compile(r"\d|\b[Ss]/[Nn]\b")
_LINE = r"[A-ZÀ-Þ0-9][\w'’./#º-]{0,30}"
_BLOCK = re.compile(
    rf"(?:(?<=[ \t\n])|\A)(?:{_LINE}(?:[ \t,]{{1,3}}(?:{_LINE}|d[aeo]s?|of|upon|on|the|and)){{0,6}},?[ \t]{{0,2}}(?:/[ ]|\r?\n[ \t]{{0,3}})){{1,4}}"
    rf"(?={ADDRESS})"
)


def mask_places(s: str) -> str:
    """The text with postal addresses replaced, neighbouring parts of one address by one mark."""
    if not _HINT.search(s):
        return s
    s = _BOX.sub(ADDRESS, _ARMY.sub(ADDRESS, s))
    s = _english(s)
    s = _STREET_PT.sub(ADDRESS, s)
    s = _PORTUGAL.sub(ADDRESS, _CEP.sub(ADDRESS, s))
    s = _AFTER_WORD.sub(lambda m: m["cue"] + ADDRESS, s)
    s = _POSTCODES.sub(ADDRESS, s)
    s = _BLOCK.sub("", _AREA_PT.sub(ADDRESS, s))
    return _JOINED.sub(ADDRESS, s)


def _english(s: str) -> str:
    """Street lines with the town and postcode that follow them."""
    out: list[str] = []
    done = 0
    for match in _STREET_EN.finditer(s):
        if match.start() < done:
            continue
        more = _MORE_EN.match(s, match.end())
        sure = more or re.match(r"\d{3}", match.group())
        if (
            match["weak"]
            and not sure
            and not _AT_PLACE.search(s[max(0, match.start() - 40) : match.start()])
        ):
            continue
        out += [s[done : match.start()], ADDRESS]
        done = more.end() if more else match.end()
    return "".join([*out, s[done:]]) if out else s
