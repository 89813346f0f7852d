"""What a token endpoint answers to who says nothing (RFC 6749 section 5.2)."""

from __future__ import annotations

from fastmcp.client.auth.exchange import read_object, shown
from fastmcp.client.auth.places import checked
from fastmcp.exceptions import OAuthFlowError

from .asking import Asking, described
from .report import Report


async def judge_token_endpoint(
    endpoint: str, url: str, step: str, asking: Asking, report: Report
) -> None:
    """Whether there is one, by a form with nothing in it."""
    try:
        reply = await asking.send(
            "POST",
            checked(endpoint, "token_endpoint", url),
            b"",
            accept="application/json",
            content_type="application/x-www-form-urlencoded",
            origin=asking.page_origin,
        )
    except OAuthFlowError as error:
        report.error(step, str(error), "let clients reach the token endpoint")
        return
    found = read_object(reply) or {}
    if reply.status in (400, 401) and isinstance(found.get("error"), str):
        report.ok(step, "its token endpoint answers")
    elif reply.status in (404, 405) or reply.status >= 500 or reply.status < 400:
        report.error(
            step,
            f"its token endpoint {shown(endpoint)} answers {described(reply)} to an empty form",
            "see that token_endpoint is right, and works: an error of OAuth is due, with 400",
        )
    else:
        report.warn(
            step,
            f"its token endpoint answers {described(reply)} without an error of OAuth: clients "
            "cannot tell what is wrong",
            'answer 400 with {"error": "invalid_request"} (RFC 6749 section 5.2)',
        )
    if not asking.allows_pages(reply.headers):
        report.warn(
            step,
            "pages of other origins may not use its token endpoint (CORS)",
            "send Access-Control-Allow-Origin: *, if clients in a browser are to work",
        )
