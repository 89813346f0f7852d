"""What has to hold where two things come together, and the tests that show that it does."""

from __future__ import annotations

from .attack import Attack

COMBINATIONS = [
    Attack(
        "two of one header",
        "a second version, Host or Origin is no way around what the first one says",
        "security/test_combinations::a_second_version_does_not_hide_which_tool_is_called "
        "...::one_origin_and_one_host_decide ...::a_request_without_a_host_is_told_so",
    ),
    Attack(
        "one application within another",
        "each takes its own tokens",
        "security/test_combinations"
        "::a_token_of_the_outer_application_does_not_open_the_inner_one "
        "...::two_applications_of_one_server_know_the_same_callers",
    ),
    Attack(
        "what is hidden, by its name, its URI and its headers",
        "REST and the headers that mirror arguments tell of it only to who may use it",
        "security/test_combinations::what_is_hidden_is_not_told_of_by_rest "
        "...::who_may_use_a_template_is_told_what_it_needs "
        "...::what_is_hidden_is_not_told_of_by_the_headers_that_it_wants",
    ),
    Attack(
        "versions of a tool and its headers",
        "those of the version that is called have to fit",
        "security/test_combinations::the_version_that_is_called_says_which_headers_have_to_fit",
    ),
    Attack(
        "a stream and the end of its token",
        "it ends with it, however its request is spelt",
        "security/test_combinations::a_stream_ends_with_its_token_however_its_method_is_written",
    ),
    Attack(
        "sessions of HTTP+SSE and the access log",
        "their ids stand in URLs, and are blotted out there",
        "security/test_leaks::the_access_log_has_no_session_of_sse",
    ),
    Attack(
        "strangers at the door of the inspector",
        "what they send is not kept and no failure",
        "inspector/test_access::what_is_no_token_is_refused",
    ),
]
