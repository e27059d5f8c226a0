"""Personal names in what people write: behind cues, in greetings and signatures, and by given name.

Behind a sure cue ("my name is", "me chamo") the words that follow are a name, however they are written. A greeting, a
closing or a title counts before a capitalised word; a given name of the list counts when it is capitalised and not
part of a brand. Names without a cue that are not in the list stay: no list is complete, and the words are the signal.
"""

from __future__ import annotations

import re
import unicodedata

from transforms.privacy.given_names import GIVEN_NAMES
from transforms.privacy.marks import NAME
from transforms.privacy.name_words import BRANDS, NOT_NAMES, STOPS, TITLES

_UP = "A-ZÀ-ÖØ-Þ"
_LO = "a-zß-öø-ÿ"
_G = r"[ \t\u00a0]{1,3}"
_CAP = rf"[{_UP}](?:[{_LO}]|['’][{_UP}{_LO}]|-[{_UP}]|Mc|Mac){{1,24}}(?:[{_UP}][{_LO}]{{1,20}})?(?![\w])"
_INITIAL = rf"[{_UP}]\.?(?![\w'’])"
_PARTICLE = r"(?:d[aeo]s?|de[ ]la|del|van|von|der|den|di|du|le|la|e|al|bin|ben|ter)"
_MORE = rf"(?:{_G}(?:{_PARTICLE}{_G}){{0,2}}(?:{_CAP}|{_INITIAL}(?={_G}[{_UP}]))){{0,4}}"
_CAPS = rf"[{_UP}]{{2,24}}(?:['’-][{_UP}]{{1,20}})?(?![\w])"
_FULL = rf"(?:{_CAP}|{_INITIAL}(?={_G}[{_UP}])){_MORE}"
_ANY = rf"(?:[{_UP}{_LO}][\w'’.-]{{0,30}})"

_SURE = re.compile(
    r"(?<!\w)(?P<cue>(?:my (?:full |first |last |maiden )?name(?: is|'s|’s|:)|my surname is|the name(?: is|'s|’s| on the (?:order|account|card) is)|"
    r"(?:in|under) the name(?: of)?|name on (?:the |my )?(?:order|account|card)(?: is|:)|"
    r"(?:full |first |last |customer |contact |recipient |account |card ?holder )?name ?[:=]|"
    r"i am called|you can call me|please ask for|"
    r"(?:o )?meu nome(?: completo)?(?: é| e|:)|me chamo|chamo-me|em nome d[aeo]|nome(?: completo| do cliente| do titular)? ?[:=]|"
    r"falar com (?:o |a )?(?:sr\.?a?|senhora?|dona) |destinat[áa]ri[oa] ?:|titular ?:|cliente ?:|aos cuidados de|a/c)"
    r"[ \t]{1,3}|nome:|name:)"
    rf"(?P<name>{_ANY}(?:{_G}{_ANY}){{0,4}})",
    re.IGNORECASE,
)
_ROLE = re.compile(
    rf"(?<!\w)(?P<cue>(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Madam|Sr|Sra|Srta|Senhora?|Dona|Seu|Dra|Prezad[oa]|Car[oa])\.?{_G}"
    rf"(?:(?:Sr|Sra|Senhora?)\.?{_G})?)(?P<name>(?:{_PARTICLE}{_G}){{0,2}}{_FULL})"
)
_GREETING = re.compile(
    r"(?<!\w)(?P<cue>(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|thanks|thank you|thx|ola|olá|oi|bom dia|boa tarde|boa noite|"
    rf"obrigad[oa]|querid[oa])(?: again| so much| very much)?,?{_G})"
    rf"(?-i:(?P<name>{_FULL}))(?=[ \t]*(?:[,!.:;?\n–—-]|$))",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?<!\w)(?P<cue>(?:(?:kind|best|warm|warmest|many|with)? ?(?:regards|wishes)|sincerely|yours(?: truly| faithfully| sincerely)?|"
    r"cheers|thanks(?: again| so much| in advance| a lot)?|many thanks|thank you(?: so much| very much)?|respectfully|cordially|signed|love|"
    r"atenciosamente|att|atte|cordialmente|abraços?|abracos|abs|obrigad[oa]|grat[oa]|cumprimentos|beijos|"
    r"melhores cumprimentos|com os melhores cumprimentos|assinado)[ \t]*[,.!:;-]{0,3}[ \t]*(?:\r?\n[ \t]*){1,3}[-–—~]{0,2}[ \t]*)"
    rf"(?-i:(?P<name>(?:{_FULL}|{_CAPS}(?:{_G}{_CAPS}){{0,3}}|[{_LO}]{{3,20}}(?={_G}?(?:\n|$)))))",
    re.IGNORECASE,
)
_CLOSING_INLINE = re.compile(
    r"(?<!\w)(?P<cue>(?:(?:kind|best|warm|warmest|many|with)? ?(?:regards|wishes)|sincerely|yours truly|yours faithfully|yours sincerely|cheers|"
    r"thanks again|many thanks|signed|signed by|atenciosamente|att|cordialmente|abraços?|grat[oa]|cumprimentos|assinado)[ \t]*[,.!:;-]{1,3}[ \t]*)"
    rf"(?-i:(?P<name>{_FULL}))",
    re.IGNORECASE,
)
_SELF = re.compile(
    rf"(?<!\w)(?P<cue>(?:i am|i'm|i’m|this is|it's|it’s|sou (?:o|a)|aqui (?:é|e) (?:o|a)){_G})(?-i:(?P<name>{_FULL}))",
    re.IGNORECASE,
)
_MET = re.compile(
    r"(?<!\w)(?P<cue>(?:(?:spoke|speak|spoken|talked|chatted) (?:to|with)|"
    r"(?:representative|agent|rep|associate|manager|technician|named|called|attn|attention|c/o|care of|signed(?: by)?)(?: is| was|:)?|"
    rf"fal(?:ei|o|ar) com (?:o|a)|atendid[oa] pel[oa]|atendente){_G})(?-i:(?P<name>{_FULL}))",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    rf"(?P<cue>(?:\n|[.!?…][ \t]{{0,3}}[-–—~]{{1,2}})[ \t]*[-–—~]{{0,2}}[ \t]*)(?P<name>{_FULL})[ \t]*\Z"
)
_PAIR = rf"{_CAP}(?:{_G}(?:{_PARTICLE}{_G}){{0,2}}{_CAP}){{1,3}}"
_AFTER_CONTACT = re.compile(
    rf"(?P<cue><(?:EMAIL|PHONE)>[ \t]{{0,3}}[.,;:!)–—-]?[ \t]{{0,3}}\n?[ \t]{{0,3}})(?P<name>{_PAIR})(?=[ \t]{{0,3}}(?:[.,;!\n(<]|\Z))"
)
_BEFORE_CONTACT = re.compile(
    rf"(?P<cue>(?:\A|[.!?,;\n])[ \t]{{0,3}})(?P<name>{_PAIR})(?=[ \t]{{0,3}}[,:(–—-]?[ \t]{{0,3}}<(?:EMAIL|PHONE)>)"
)
_SIGNED = re.compile(
    rf"(?P<cue>\n[ \t]{{0,3}}[-–—~]{{0,2}}[ \t]{{0,3}})(?P<name>{_PAIR})[ \t]{{0,3}}\Z"
)
_HALF = re.compile(rf"(?<=[{_LO},] )(?P<name>{_CAP}){_G}<NAME>")
_LISTED = re.compile(rf"(?<![\w<@#&/.'’-]){_CAP}")
_TAIL = re.compile(
    rf"(?:{_G}{_INITIAL}(?={_G}[{_UP}]))?{_G}(?:{_PARTICLE}{_G}){{0,2}}{_CAP}(?:{_G}(?:{_PARTICLE}{_G}){{0,2}}{_CAP}){{0,3}}"
)
_POSSESSIVE = re.compile(r"['’]s\b")
_PLACES = re.compile(
    r"\b(?:San|Santa|Santo|São|Sao|Saint|St\.?|Les|Papa|Fort|Port|Lake|Mount|Rua|Avenida)[ ]\Z"
)
"""Words before a given name that make a town, a street or a thing of it."""


def mask_names(s: str) -> str:
    """The text with personal names replaced by one mark each, given name and surname together."""
    s = _SURE.sub(_sure, s)
    for cue in (_ROLE, _GREETING, _CLOSING):
        s = cue.sub(_unlisted, s)
    for cue in (_CLOSING_INLINE, _MET):
        s = cue.sub(_listed_or_full, s)
    for cue in (_SELF, _SIGNATURE):
        s = cue.sub(_listed_only, s)
    for beside in (_AFTER_CONTACT, _BEFORE_CONTACT, _SIGNED):
        s = beside.sub(_signature, s)
    return _HALF.sub(_whole, _by_list(s))


def _signature(match: re.Match[str]) -> str:
    """Two capitalised words and more beside contact details or as the last line, unless it is a brand."""
    return match.group() if _is_brand(_words(match["name"])) else _unlisted(match)


def _whole(match: re.Match[str]) -> str:
    """A capitalised word within a sentence goes with the name that follows."""
    word = match["name"].lower()
    return match.group() if word in NOT_NAMES or word in TITLES else NAME


def folded(word: str) -> str:
    """A word in lower case without accents."""
    plain = unicodedata.normalize("NFKD", word.lower())
    return "".join(c for c in plain if not unicodedata.combining(c))


def _sure(match: re.Match[str]) -> str:
    """The words behind a sure cue up to the first that is no name."""
    parts = re.split(r"([ \t\u00a0]+)", match["name"])
    kept = 0
    for i in range(0, len(parts), 2):
        word = parts[i]
        if word.lower().strip(".") in TITLES:
            continue
        if word.lower().strip(".'’-") in STOPS or not word[:1].isalpha():
            break
        kept = i + 1
        if word.endswith((".", "-")) and len(word) > 2:
            parts[i] = word.rstrip(".-")
            rest = word[len(parts[i]) :] + "".join(parts[i + 1 :])
            return match["cue"] + NAME + rest
    if not kept:
        return match.group()
    return match["cue"] + NAME + "".join(parts[kept:])


def _words(name: str) -> list[str]:
    return [w.strip(".'’-") for w in name.split()]


def _unlisted(match: re.Match[str]) -> str:
    """Any capitalised name behind the cue, unless its first word is an everyday one or it is a brand."""
    words = _words(match["name"])
    if words[0].lower() in NOT_NAMES or words[-1].lower() in {"team", "support", "service"}:
        return match.group()
    return match["cue"] + NAME


def _listed_or_full(match: re.Match[str]) -> str:
    """A given name of the list, a name of two words and more, or one that ends what is said."""
    words, end = _words(match["name"]), match.string[match.end() : match.end() + 2].lstrip()
    if len(words) > 1 or end[:1] in {"", ",", "!", ".", ";", "\n"}:
        return match.group() if _is_brand(words) else _unlisted(match)
    return _listed_only(match)


def _listed_only(match: re.Match[str]) -> str:
    """A name behind a weak cue: its first word is a given name of the list."""
    words = _words(match["name"])
    first = words[0].lower()
    if first in NOT_NAMES or _is_brand(words):
        return match.group()
    listed = folded(first) in GIVEN_NAMES
    return match["cue"] + NAME if listed else match.group()


def _is_brand(words: list[str]) -> bool:
    return " ".join(words[:2]).lower().replace("’", "'").removesuffix("'s") in BRANDS


def _by_list(s: str) -> str:
    """Capitalised given names of the list, each with the surname that follows."""
    out: list[str] = []
    done = 0
    for match in _LISTED.finditer(s):
        if match.start() < done:
            continue
        word = _POSSESSIVE.sub("", match.group())
        if folded(word) not in GIVEN_NAMES and folded(word.split("-")[0]) not in GIVEN_NAMES:
            continue
        end = match.start() + len(word)
        tail = _TAIL.match(s, end)
        words = _words(s[match.start() : tail.end() if tail else end])
        if _is_brand(words) or _PLACES.search(s[max(0, match.start() - 8) : match.start()]):
            continue
        if tail and words[1].lower() not in NOT_NAMES:
            end = tail.end()
        out += [s[done : match.start()], NAME]
        done = end
    return "".join([*out, s[done:]]) if out else s
