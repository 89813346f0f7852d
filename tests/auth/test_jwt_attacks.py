"""Tokens that are made to be taken for what they are not."""

from __future__ import annotations

import base64
import json
import logging
import time
from itertools import count
from typing import Any

import pytest
from authority import authority
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import OctKey, RSAKey
from signing import AUDIENCE, ISSUER, claims, encoded, jwk, key_for, pair, public_pem, token

from fastmcp import FastMCP
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.testing import asgi_client


def verifier(**options: Any) -> JWTVerifier:
    given = {"public_key": pair().public_key, "issuer": ISSUER, "audience": AUDIENCE, **options}
    return JWTVerifier(**given)


async def is_taken(made: str, **options: Any) -> bool:
    return await verifier(**options).verify_token(made) is not None


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("told", ["RS256", None])
async def test_a_public_key_is_no_secret(algorithm: str, told: str | None) -> None:
    """Whoever has it could sign by HMAC, and the verifier would compute the same."""
    pem = pair().public_key
    unsafe = OctKey(pem.encode(), pem.encode())
    assert not await is_taken(token(key=unsafe, algorithm=algorithm), algorithm=told)
    said_otherwise = token(key=unsafe, algorithm="RS256", signed_as=algorithm)
    assert not await is_taken(said_otherwise, algorithm=told)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", None, 0, [], ["RS256"], {}])
@pytest.mark.parametrize("signature", ["", "AAAA"])
async def test_what_nobody_signed_is_refused(name: Any, signature: str) -> None:
    """However it writes that."""
    content = f"{encoded({'alg': name, 'typ': 'JWT'})}.{encoded(claims())}"
    assert not await is_taken(f"{content}.{signature}")


async def test_a_token_without_its_signature_is_refused() -> None:
    """Also in its other forms."""
    made = token()
    head, body, signature = made.split(".")
    for changed in (f"{head}.{body}.", f"{head}.{body}", f"{head}..{signature}", f".{body}."):
        assert not await is_taken(changed)
    flattened = json.dumps({"protected": head, "payload": body, "signature": signature})
    assert not await is_taken(flattened)


async def test_a_token_whose_content_was_changed_is_refused() -> None:
    """One letter is enough, and so is the payload of another token."""
    head, body, signature = token().split(".")
    other = encoded(claims(sub="admin"))
    assert not await is_taken(f"{head}.{other}.{signature}")
    assert not await is_taken(f"{encoded({'alg': 'RS256', 'kid': 'x'})}.{body}.{signature}")


async def test_a_signature_of_nothing_is_refused() -> None:
    """Of ECDSA with both numbers zero (CVE-2022-21449), in every length."""
    head, body, _ = token(algorithm="ES256").split(".")
    for length in (0, 1, 63, 64, 65, 128):
        made = f"{head}.{body}.{encoded(bytes(length))}"
        assert not await is_taken(made, public_key=public_pem("ES256"))


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
async def test_keys_that_a_token_brings_along_are_not_looked_at(member: str) -> None:
    """It was signed by the attacker's key, which it also tells of."""
    evil = RSAKey.import_key(pair("evil").private_key.get_secret_value())
    async with authority({"keys": [jwk("k1", name="evil")]}) as theirs:
        url = f"{theirs.url}/jwks"
        told = {"jwk": evil.as_dict(private=False), "jku": url, "x5u": url, "x5c": ["MIIB"]}
        made = token(key=evil, kid="k1", **{member: told[member]})
        assert not await is_taken(made)
        assert theirs.asked == []
        # Nor is a good token worse for them.
        assert await is_taken(token(**{member: told[member]}))
        assert theirs.asked == []


@pytest.mark.parametrize("crit", [["exp"], ["b64"], ["x"], [], "x", None, [3]])
async def test_extensions_that_must_be_understood_are_refused(crit: Any) -> None:
    """None is known here (RFC 7515 section 4.1.11)."""
    assert not await is_taken(token(crit=crit, exp=1, b64=True, x=1))


@pytest.mark.parametrize("b64", [True, False])
async def test_an_unencoded_payload_is_refused(b64: bool) -> None:
    """It is no token (RFC 7797 section 7)."""
    assert not await is_taken(token(b64=b64))


async def test_an_encrypted_token_is_refused() -> None:
    """Anybody can encrypt to a public key; that proves nothing."""
    key = RSAKey.import_key(pair().public_key)
    plain = json.dumps(claims()).encode()
    made = jwe.encrypt_compact({"alg": "RSA-OAEP", "enc": "A256GCM"}, plain, key)
    assert not await is_taken(made)


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"null", b"[]", b'"text"', b"{", b"\xff\xfe", b'{"exp": NaN}', b'{"exp": Infinity}'),
        *(b"[" * 20_000, b'{"a":' * 4_000 + b"1" + b"}" * 4_000),
    ],
    ids=map(str, count()),
)
async def test_a_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    """Although who signed it may."""
    assert not await is_taken(token(payload))


async def test_a_deeply_nested_claim_is_only_a_claim() -> None:
    """Or refused; it does no harm."""
    depth = 900
    inner = json.dumps(claims())[:-1].encode() + b', "x": ' + b"[" * depth + b"]" * depth + b"}"
    await is_taken(token(inner))


@pytest.mark.parametrize("where", ["header", "payload", "signature", "all"])
async def test_huge_tokens_are_refused_unread(where: str) -> None:
    """There is a most that a token can have."""
    head, body, signature = token().split(".")
    big = encoded(b'{"alg": "RS256", "x": "' + b"x" * 200_000 + b'"}')
    made = {
        "header": f"{big}.{body}.{signature}",
        "payload": f"{head}.{big}.{signature}",
        "signature": f"{head}.{body}.{big}",
        "all": "a" * 1_000_000,
    }[where]
    assert not await is_taken(made)


async def test_a_large_token_in_order_is_taken() -> None:
    """Of some directories, with hundreds of groups."""
    groups = [f"group-{number:04}" for number in range(500)]
    assert await is_taken(token(claims(groups=groups)))


async def test_of_a_claim_that_is_there_twice_the_last_counts_everywhere() -> None:
    """As RFC 7519 section 4 has it: nobody else may have looked at another."""
    good = json.dumps(claims())[:-1]
    for double, taken in (
        ('"aud": "https://other.example.com"', False),
        ('"exp": 1', False),
        ('"sub": "bob"', True),
    ):
        found = await verifier().verify_token(token(f"{good}, {double}}}".encode()))
        assert (found is not None) is taken
        if found is not None:
            assert (found.subject, found.claims["sub"]) == ("bob", "bob")


async def test_a_second_algorithm_in_the_header_does_not_confuse() -> None:
    """The same one is checked and used."""
    body = encoded(claims())
    for head in ('{"alg":"none","alg":"RS256"}', '{"alg":"RS256","alg":"none"}'):
        assert not await is_taken(f"{encoded(head.encode())}.{body}.")


async def test_a_token_of_another_key_of_the_same_issuer_is_refused() -> None:
    """Its name does not make it one of ours."""
    other = key_for("RS256", "evil")
    assert not await is_taken(token(key=other, kid="k1"))


@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "\x00", "k" * 3_000, 7, None])
async def test_the_name_of_a_key_is_no_more_than_a_name(kid: Any) -> None:
    """Of which there is one in the set, or none."""
    async with authority({"keys": [jwk("k1"), jwk("k2", name="second")]}) as issuer:
        remote = verifier(public_key=None, jwks_uri=issuer.url)
        assert await remote.verify_token(token(kid=kid)) is None
        assert await remote.verify_token(token(kid="k1")) is not None


def texts_like_tokens() -> st.SearchStrategy[str]:
    """From noise to what is nearly a token."""
    part = st.one_of(
        st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["alg", "kid", "typ", "crit", "exp", "aud", "iss"]), inner
                )
            ),
            max_leaves=6,
        ).map(encoded),
        st.sampled_from([encoded({"alg": "RS256"}), encoded(claims()), "", "."]),
    )
    return st.text() | st.lists(part, min_size=1, max_size=6).map(".".join)


@given(texts_like_tokens())
@example("\ud800")
@example("..")
@example(".".join(["eyJhbGciOiJSUzI1NiJ9", "", ""]))
def test_no_text_makes_a_verifier_fail(text: str) -> None:
    """Garbage is no token, and nothing else."""
    import asyncio

    assert asyncio.run(VERIFIER.verify_token(text)) is None


@given(st.integers(0, 2_000), st.sampled_from("abcXYZ019-_.="))
def test_no_change_of_a_token_is_taken_for_another_one(place: int, letter: str) -> None:
    """But of bits in its last letter that mean nothing."""
    import asyncio

    place %= len(GOOD)
    changed = GOOD[:place] + letter + GOOD[place + 1 :]
    found = asyncio.run(VERIFIER.verify_token(changed))
    assert found is None or found.claims == SAID


SAID = claims(exp=int(time.time()) + 86_400)  # what is run last may be long after
GOOD = token(SAID)
VERIFIER = verifier()


async def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Neither tokens, taken or refused, nor keys."""
    caplog.set_level(logging.DEBUG)
    taken = verifier()
    refused = [token(claims(aud="x")), token(claims(exp=1)), "not.a.token", f"{GOOD[:-3]}abc"]
    mcp = FastMCP("x", auth=taken)
    async with asgi_client(mcp, auth=GOOD) as client:
        await client.list_tools()
    for made in refused:
        assert await taken.verify_token(made) is None
    said = caplog.text
    assert "A token was refused" in said
    for secret in [GOOD, *refused, "PRIVATE KEY"]:
        assert secret not in said
        assert secret.rpartition(".")[2][:40] not in said or secret == "not.a.token"
