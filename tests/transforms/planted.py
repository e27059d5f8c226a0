"""Identifiers made from the standards that define them, not from the expressions that look for them.

Phones: example numbers as Google's libphonenumber 9.0 formats them, nationally and internationally. Cards: ISO/IEC
7812 issuer ranges and lengths. IBANs: structures of the ISO 13616 registry. CPF and CNPJ: Receita Federal. Addresses:
USPS Publication 28, Royal Mail's PAF, Canada Post, Correios and CTT.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Rng = np.random.Generator
PHONES = (
    "(2##) 5##-####", "2##-5##-####", "+1 2##-5##-####", "1 (2##) 5##-####", "+12##5######", "2##.5##.####",
    "(506) 2##-####", "+1 506-23#-####", "(02) 12## ####", "+61 2 123# ####", "0412 ### ###", "+61 412 3## ###",
    "0121 ### ####", "+44 121 2## ####", "07400 ######", "+44 7400 ######", "020 7946 0###", "+44 (0)20 7946 0###",
    "(022) 1####", "085 0## ####", "+353 85 0## ####", "(11) 23##-####", "(11) 96###-####", "+55 11 96###-####",
    "11 96###-####", "+551196#######", "0800 123 ####", "21 234 ####", "912 3## ###", "+351 912 3## ###",
    "030 1######", "+49 30 12####", "0151# #######", "+49 1512 #######", "01 23 ## ## ##", "06 12 ## ## ##",
    "+33 6 12 3# ## ##", "810 1# ## ##", "612 3# ## ##", "+34 612 3# ## ##", "02 12## ####", "312 3## ####",
    "+39 312 3## ####", "010 123 ####", "06 1#######", "+31 6 1#######", "012 3# ## ##", "0450 ## ## ##", "01 23#######",
    "0664 ######", "+43 664 1#####", "021 2## ## ##", "+41 78 12# ## ##", "0741## #####", "081234 #####",
    "+91 81234 #####", "200 1## ####", "+52 222 1## ####", "010 1## ####", "+27 71 1## ####", "021 1## ####",
    "08-12# ### ##", "070-1## ## ##", "+46 70 1## ## ##", "013 1######", "041 2######", "512 3## ###", "03-12##-####",
    "090-1###-####", "+81 90-12##-####", "131 2### ####", "+86 131 2### ####", "02-21#-####", "010-2###-####",
    "050-2##-####", "+972 50-2##-####", "691 2## ####", "+30 691 2## ####", "+45 32 12 ## ##", "+47 406 12 ###",
)  # fmt: skip
PHONE_CUES = (
    "tel. 32 12 ## ##", "call me on 21 23 ## ##", "phone: 555-01##", "WhatsApp 91234-####", "Ph. 5####", "tel 6## ###",
    "mobile: 8#####", "my cell is 3## ###", "you can reach me on 31 ## ##", "contact me at 4## ####", "reach us: 71 2## ###",
    "telefone: 2####", "meu celular é 9####", "telemóvel 9## ### ###", "liga para mim no 3## ###", "contato: 3##-####",
    "\nT: 32 1# ## ##", "fax 4#####", "6## ### (mobile)", "32 ## ## is my phone number", "3####### é o meu número",
    "77 ## ##, cell", "ring us back on 6# ###",
)  # fmt: skip
"""Short numbers, which only the words around them give away."""
PHONE_GROUPS = (
    "3## 7###", "6##-2###", "2### 1###", "8###-4###", "71 23# ## ##", "044 2## 1# ##", "1300 1## ###", "8 (301) 12#-##-##",
    "72 1# 4# ##", "83.1#.5#.##", "2## 1# 9##",
)  # fmt: skip
"""Local numbers as libphonenumber groups them, with no word beside them."""
CARDS = (
    ("4", 16), ("4", 13), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15),
    ("6011", 16), ("65", 16), ("644", 16), ("3528", 16), ("3589", 16), ("36", 14), ("300", 14), ("62", 16),
)  # fmt: skip
IBANS = {
    "DE": "18n", "PT": "21n", "GB": "4a14n", "FR": "10n11c2n", "ES": "20n", "IT": "1a10n12c", "NL": "4a10n", "BE": "12n",
    "BR": "23n1a1c", "CH": "5n12c", "AT": "16n", "IE": "4a14n", "PL": "24n", "SE": "20n", "NO": "11n", "DK": "14n",
    "FI": "14n", "LU": "3n13c", "MT": "4a5n18c", "SA": "2n18c", "AE": "19n", "TR": "6n16c", "GR": "7n16c", "CZ": "20n",
}  # fmt: skip
FIRST = (
    "Anna", "John", "Emily", "Michael", "Sarah", "David", "Linda", "Robert", "Patricia", "Kevin", "Maria", "João", "Ana",
    "José", "Fernanda", "Luiz", "Camila", "Rafael", "Beatriz", "Thiago", "Olivia", "Oliver", "Amelia", "Harry", "Siobhan",
    "Niamh", "Declan", "Ingrid", "Priya", "Wei",
)  # fmt: skip
LAST = (
    "Smith", "O'Brien", "Johnson", "Garcia", "Miller-Jones", "Davis", "Silva", "Santos", "de Oliveira", "Souza",
    "Ferreira da Costa", "Almeida", "Taylor", "McDonald", "Evans", "Walker", "Kowalski", "Nguyen", "Patel", "Lindqvist",
)  # fmt: skip
USPS = (
    "Ave", "Avenue", "Blvd", "Boulevard", "Cir", "Circle", "Ct", "Court", "Dr", "Drive", "Hwy", "Lane", "Ln", "Pkwy",
    "Parkway", "Pl", "Place", "Rd", "Road", "Sq", "St", "Street", "St.", "Ter", "Terrace", "Trail", "Way",
)  # fmt: skip
TOWNS = (
    ("Springfield", "IL", "62704"), ("Portland", "OR", "97209-1234"), ("New York", "NY", "10018"),
    ("San Diego", "California", "92101"), ("St. Paul", "MN", "55102"),
)  # fmt: skip
UK = (
    ("Leeds", "LS1 4AP"),
    ("London", "SW1A 1AA"),
    ("Bristol", "BS8 4TQ"),
    ("Ely", "CB7 4DL"),
    ("Hull", "W1A 0AX"),
)
RUAS = (
    "Rua das Flores", "Avenida Paulista", "Av. Brasil", "Travessa do Carmo", "Alameda Santos", "R. Quinze de Novembro",
    "Praça da Sé", "Estrada Velha de Itu", "Rodovia Raposo Tavares", "Largo do Machado",
)  # fmt: skip


def digits(rng: Rng, n: int) -> str:
    return "".join(str(d) for d in rng.integers(0, 10, n))


def one(rng: Rng, of: tuple[str, ...]) -> str:
    return of[int(rng.integers(len(of)))]


def filled(rng: Rng, form: str) -> str:
    return "".join(str(rng.integers(0, 10)) if c == "#" else c for c in form)


def luhn(digits_: str) -> str:
    total = 0
    for i, c in enumerate(reversed(digits_)):
        v = int(c) * (2 if i % 2 == 0 else 1)
        total += v - 9 if v > 9 else v
    return str(-total % 10)


def gtin(d: str) -> str:
    """A GTIN-13 by GS1's check digit."""
    total = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(reversed(d)))
    return d + str(-total % 10)


def phone(rng: Rng) -> str:
    forms = (PHONES, PHONE_CUES, PHONE_GROUPS)
    return filled(rng, one(rng, forms[int(rng.choice(3, p=(0.7, 0.2, 0.1)))]))


def email(rng: Rng) -> str:
    local = one(
        rng,
        (
            "j.smith",
            "ana_paula",
            "o'neil",
            "x+shop",
            "MARIA",
            "joão.silva",
            "a",
            "very.long.name-1987",
        ),
    )
    host = one(
        rng, ("gmail.com", "yahoo.co.uk", "uol.com.br", "sapo.pt", "sub.mail-host.io", "köln.de")
    )
    form = one(rng, ("{}@{}", "<{}@{}>", "mailto:{}@{}", "{} [at] {}", "{}@{},", "({}@{})"))
    return form.format(local + digits(rng, 2), host)


def card(rng: Rng) -> str:
    prefix, length = CARDS[int(rng.integers(len(CARDS)))]
    body = prefix + digits(rng, length - len(prefix) - 1)
    number = body + luhn(body)
    cuts = (4, 10) if length in (14, 15) else (4, 8, 12, 16)
    parts = [number[a:b] for a, b in zip((0, *cuts), (*cuts, length), strict=True) if number[a:b]]
    return one(rng, ("", " ", "-")).join(parts)


def iban(rng: Rng) -> str:
    country = one(rng, tuple(IBANS))
    letters, alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    bban, count = "", ""
    for c in IBANS[country]:
        if c.isdigit():
            count += c
            continue
        pool = {"n": "0123456789", "a": letters, "c": alnum}[c]
        bban += "".join(pool[int(i)] for i in rng.integers(0, len(pool), int(count)))
        count = ""
    check = 98 - int("".join(str(int(c, 36)) for c in bban + country + "00")) % 97
    whole = f"{country}{check:02d}{bban}"
    return one(
        rng, (whole, " ".join(whole[i : i + 4] for i in range(0, len(whole), 4)), whole.lower())
    )


def _mod11(body: str, top: int) -> str:
    weights = [2 + i % (top - 1) for i in range(len(body))]
    rest = sum(int(c) * w for c, w in zip(reversed(body), weights, strict=True)) % 11
    return str(0 if rest < 2 else 11 - rest)


def tax_id(rng: Rng) -> str:
    n = digits(rng, 9)
    n += _mod11(n, 11)
    n += _mod11(n, 11)
    c = digits(rng, 8) + "0001"
    c += _mod11(c, 9)
    c += _mod11(c, 9)
    return one(
        rng,
        (
            f"{n[:3]}.{n[3:6]}.{n[6:9]}-{n[9:]}", f"CPF {n}", f"cpf: {n[:9]}-{n[9:]}", n,
            f"{c[:2]}.{c[2:5]}.{c[5:8]}/{c[8:12]}-{c[12:]}", f"CNPJ {c}",
        ),
    )  # fmt: skip


def address(rng: Rng) -> str:
    number, unit = str(rng.integers(1, 9999)), str(rng.integers(1, 99))
    name = one(
        rng,
        ("Maple", "Martin Luther King", "N 5th", "Church", "West Oak", "Elm", "42nd", "Old Mill"),
    )
    town, state, code = TOWNS[int(rng.integers(len(TOWNS)))]
    place, post = UK[int(rng.integers(len(UK)))]
    line = f"{number} {name} {one(rng, USPS)}"
    rua, cep = one(rng, RUAS), f"{digits(rng, 5)}-{digits(rng, 3)}"
    return one(
        rng,
        (
            f"{line}, {town}, {state} {code}", f"{line}\n{town}, {state} {code}", f"{line}, Apt {unit}B, {town} {state} {code}",
            f"{line}", f"{line} #{unit}", f"PO Box {number}, {town}, {state} {code}", f"{town}, {state} {code}",
            f"{unit} High Street, {place}, {post}", f"Flat {unit}, {unit} Victoria Road, {place} {post}", f"{place}, {post}",
            f"Rose Cottage\n{one(rng, ('Mill Lane', 'The Green'))}\n{place}\n{post}", f"{number} Rue Main Street, Toronto, ON M5V 2T6",
            f"{rua}, {number}", f"{rua}, {number} - apto {unit}, Centro, São Paulo - SP, {cep}", f"{rua} nº {number}, CEP {cep}",
            f"{rua}, {number}, bloco {unit}, {cep}", f"CEP {cep.replace('-', '')}", cep, f"{rua.lower()}, nº {number}",
            f"{one(rng, ('Rua Augusta', 'Av. da Liberdade'))}, {number}, 1250-096 Lisboa", "4000-123 Porto",
        ),
    )  # fmt: skip


def name(rng: Rng) -> str:
    full = f"{one(rng, FIRST)} {one(rng, LAST)}"
    first = full.split(maxsplit=1)[0]
    return one(
        rng,
        (
            f"my name is {full}", f"My name is {full.lower()}", f"Name: {full}", f"Kind regards,\n{full}",
            f"Thanks,\n{first}", f"Dear Mr. {full.split(' ', 1)[1]},", f"Hi {first}, hello", f"Mrs {full} ordered it",
            f"meu nome é {full}", f"me chamo {full.lower()}", f"Atenciosamente,\n{full}", f"Att, {full}", f"Olá {first}!",
            f"em nome de {full}", f"Prezado Sr. {full}", f"I spoke to {one(rng, FIRST[:25])} {one(rng, LAST[:8])} about it",
            f"the parcel of {one(rng, FIRST[:24])} {one(rng, LAST)}",
        ),
    )  # fmt: skip


MAKERS: dict[str, Callable[[Rng], str]] = {
    "<PHONE>": phone, "<EMAIL>": email, "<CARD>": card, "<IBAN>": iban, "<TAX_ID>": tax_id, "<ADDRESS>": address,
    "<NAME>": name,
}  # fmt: skip


def harmless(rng: Rng) -> str:
    """What shops write that looks like an identifier and is none."""
    d, n = digits(rng, 12), str(rng.integers(2, 90))
    return one(
        rng,
        (
            f"order {d[:10]}", f"order number {d[:8]}", f"Order #{d[:7]}", f"pedido nº {d[:11]}", f"#{d[:6]}", f"#AB-{d[:5]}",
            f"112-{d[:7]}-{d[5:]}", f"ORD-2026-{d[:6]}", f"SKU {d[:8]}", f"SKU-{d[:10]}", f"item no. {d[:9]}", f"B0{d[:3]}XKQ{d[:2]}",
            f"model WB{d[:2]}X{d[:4]}", f"tracking number {d}", f"tracking 1Z999AA1{d[:10]}", f"invoice {d[:8]}",
            f"rastreio BR{d[:9]}BR", f"nota fiscal {d[:9]}", f"ticket {d[:7]}", f"protocolo {d[:10]}", f"EAN {gtin(d)}",
            "2026-05-12", "12/05/2026", "05.06.2026", "May 12, 2026", "12 de maio de 2026", "2026-08-15T10:20:30+01:00",
            "10:30-12:45", f"${n},299.00", f"R$ 1.{d[:3]},90", f"£{n}.99", f"{n} EUR", f"€ 1 2{n[0]}9,00", f"{n} % off",
            f"{n}\" x {n}\" x 18\"", f"{n} x 30 x 45 cm", f"size {n}", f"{n} ml", f"{n}.5 kg", "32/34", f"5'8'' and {n} lbs",
            f"{n} units", f"ordered {n} of them", f"{n} weeks ago", f"version 2.{n[0]}.1", f"{n} days in a row", f"page {n}",
            f"order 2{d[:2]}-{d[2:6]}", f"SKU 3{d[:2]} {d[2:6]}", f"item 2{d[:3]} {d[3:7]}", f"pedido 4{d[:2]}-{d[2:6]}",
            "sizes 30 32 34 36", "tamanhos 38 40 42 44", "2024 2025", f"12 {d[:3]} {d[3:6]} EUR", f"3{d[:2]} {d[2:6]} units",
            f"phone 1{n[0]} with 64 GB", "mobile 10000 mAh", "call me at 10.30-12.30", "call me on 12.05.2026", "text 12 to them",
            f"contacted them {n} times", "40 60 80 20 cm", f"#{d[:3]}-{d[3:7]}", f"part 5{d[:2]}-{d[2:6]}", "in 2025-2026",
            f"WB5{d[:2]}-{d[2:6]}", f"${n} 3{n[0]}0 2500", f"{n} out of 100 customers", f"a {n} pack", f"Hello, the {n} inch one", "Thanks, it works", "Dear support team",
        ),
    )  # fmt: skip


FRAMES = (
    "{}",
    "Hello, {} thanks",
    "Where is my parcel? {}",
    "é 📦 {} ok",
    "Obrigado. {} por favor",
    "{}\nplease help",
    "I wrote twice already: {} - no answer so far",
)
