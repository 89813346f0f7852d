"""What has to hold against those beside a server, and the tests that show that it does."""

from __future__ import annotations

from .attack import Attack

NEIGHBOURS = [
    Attack(
        "somebody in the shared store",
        "what cannot be read is over; what is in another's place is of use to its own caller",
        "security/test_shared_store::a_session_that_cannot_be_read_is_over "
        "...::a_session_in_the_place_of_another_has_its_own_caller "
        "...::a_task_that_cannot_be_read_is_not_there "
        "...::what_no_worker_has_said_disturbs_none "
        "server/backplane/test_encrypted::what_was_changed_or_moved_is_not_there",
    ),
    Attack(
        "little that becomes much in a session",
        "what a client says of itself, and what it watches, is bounded in length",
        "security/test_sessions::what_a_client_says_of_itself_is_kept_in_bounds "
        "...::what_a_client_watches_is_kept_in_bounds",
    ),
    Attack(
        "slow names",
        "who names them keeps nothing else of the process from being looked up",
        "auth/test_fetching::slow_names_keep_nobody_else_from_looking_up",
    ),
    Attack(
        "questions from behind a proxy",
        "as many as may come, they fill no log",
        "security/test_client::a_flood_from_behind_a_proxy_fills_no_log",
    ),
    Attack(
        "texts of others on a terminal",
        "those that a generated script shows, and those in JSON, command it as little",
        "security/test_stdio_cli"
        "::a_server_does_not_command_the_terminal_of_a_generated_script "
        "...::a_caller_does_not_command_the_terminal_that_shows_its_task",
    ),
    Attack(
        "arguments that name members, or make points of a path",
        "the client's own parameters stay as they are, and the path is that of the operation",
        "openapi/test_confinement"
        "::names_that_a_caller_chose_replace_nothing_of_the_client "
        "...::the_points_of_a_style_are_no_dots ...::segments_of_dots_are_refused",
    ),
]
