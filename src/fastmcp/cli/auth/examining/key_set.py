"""The keys by which tokens are verified (RFC 7517)."""

from __future__ import annotations

from typing import Any

import msgspec

from fastmcp.client.auth.exchange import plain, shown

from .asking import Asking
from .report import Report

STEP = "Keys"
_PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_SECRET = ("d", "p", "q", "dp", "dq", "qi", "k")
_MODULUS = 340
"""How long the text of a modulus of 2048 bits is, nearly."""


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


async def judge_keys(url: str, asking: Asking, report: Report) -> None:
    """Whether tokens can be verified by what is there."""
    read = await asking.read(url)
    if read.members is None:
        report.error(STEP, read.instead or "", "let servers read the keys, or no JWT is valid")
        return
    try:
        keys = msgspec.convert(read.members, _KeySet).keys
    except msgspec.ValidationError as error:
        report.error(STEP, f"{shown(url)} is malformed: {error}", "see RFC 7517 section 5")
        return
    if any(member in each for each in keys for member in _SECRET):
        report.error(
            STEP,
            f"{shown(url)} has a private or secret key: whoever reads it can make tokens",
            "take it out, and replace that key: it is no secret any more",
        )
    usable = [each for each in keys if _is_usable(each)]
    if not usable:
        report.error(
            STEP,
            f"of the {len(keys)} keys at {shown(url)} none can verify a signature",
            "publish a key of RSA (2048 bits or more), EC or OKP with use=sig",
        )
        return
    names = [each.get("kid") for each in usable]
    if len(usable) > 1 and (None in names or len(set(map(str, names))) < len(names)):
        report.warn(STEP, "not every key has a name of its own", "give each its own kid")
    kinds = ", ".join(sorted({plain(str(each.get("alg") or each["kty"])) for each in usable}))
    report.ok(STEP, f"{len(usable)} at {shown(url)}: {kinds}")


def _is_usable(key: dict[str, Any]) -> bool:
    from joserfc.jwk import import_key

    members = _PUBLIC.get(str(key.get("kty")))
    if members is None or not all(isinstance(key.get(member), str) for member in members):
        return False
    if key.get("use", "sig") != "sig" or (key["kty"] == "RSA" and len(key["n"]) < _MODULUS):
        return False
    try:
        import_key({member: key[member] for member in ("kty", *members)})
    except Exception:  # whatever the document made of it
        return False
    return True
