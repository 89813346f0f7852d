"""What has to hold, place by place, and the tests that show that it does."""

from __future__ import annotations

from .attack import Attack
from .combinations import COMBINATIONS
from .neighbours import NEIGHBOURS

HTTP_EDGE = [
    Attack(
        "guard of every route",
        "a foreign Host is 421, a foreign Origin 403: MCP, SSE, WebSockets, OAuth, users' routes",
        "server/test_http_guard::a_loopback_server_refuses_other_hosts_and_says_how_to_allow_them "
        "...::a_loopback_server_refuses_pages_of_other_origins "
        "...::custom_routes_are_guarded_like_the_endpoint "
        "server/test_sse_limits::foreign_pages_reach_neither "
        "security/test_http_edge::cve_2026_59950_a_websocket_is_guarded_as_every_request "
        "security/test_oauth_http::fastmcp_4405_foreign_pages_reach_no_endpoint_of_oauth "
        "system/test_area_h_apps::s141_routes_in_another_application_are_guarded_as_in_their_own",
    ),
    Attack(
        "loopback by default",
        "it listens on 127.0.0.1, and says who may come where it does not",
        "system/test_area_g::s104_http_is_served_on_port_8000_of_loopback_only "
        "server/test_running::the_banner_says_where_it_is_and_who_may_come",
    ),
    Attack(
        "bounded bodies",
        "413 as soon as it is too much, chunked and lying, at endpoints of OAuth as well",
        "server/test_http_requests::a_body_at_the_limit_is_read_and_one_over_it_is_413 "
        "...::a_declared_length_over_the_limit_is_refused_before_the_body "
        "...::a_chunked_body_is_refused_when_it_passes_the_limit "
        "...::a_body_longer_than_it_says_is_refused "
        "system/test_area_g_limits::s129_a_larger_body_is_not_read_to_memory "
        "security/test_oauth_http::ghsa_fmmv_w9g8_j3gc_no_endpoint_reads_without_a_bound",
    ),
    Attack(
        "bounded structure",
        "nesting, keys, texts, batches, events, lines and headers have bounds; deep nesting is 400",
        "security/test_http_edge::deep_nesting_is_400 "
        "...::cve_2025_53366_a_malformed_request_ends_nothing "
        "...::the_rest_view_refuses_the_same "
        "server/test_http_edge::a_head_has_bounds ...::what_surrounds_a_body_has_bounds "
        "server/test_stdio::a_line_over_the_limit_is_answered_and_skipped "
        "_protocol/test_framing::an_event_over_the_limit_in_many_lines_is_dropped_whole",
    ),
    Attack(
        "strange JSON",
        "keys twice, NaN, surrogates, endless numbers, no UTF-8: an error, and it goes on",
        "security/test_http_edge::cve_2025_53366_a_malformed_request_ends_nothing "
        "_protocol/test_connection::a_member_that_comes_twice_counts_as_it_came_last "
        "_protocol/test_fuzz_smoke::bad_input_is_answered_as_json_rpc_says",
    ),
    Attack(
        "wrong types",
        "415 and 406, and nothing is begun",
        "server/test_http_requests::another_content_type_is_415 "
        "...::an_accept_that_admits_neither_form_is_406 "
        "server/test_http_sessions::a_refused_initialize_opens_no_session "
        "security/test_http_edge::a_page_cannot_use_the_rest_view_by_a_simple_request",
    ),
    Attack(
        "slow and broken clients",
        "who sends slowly, reads nothing or resets hinders nobody",
        "server/test_http_edge::a_body_that_comes_byte_by_byte_is_refused "
        "...::many_that_send_slowly_hinder_nobody "
        "server/test_http_faults::a_reader_that_takes_nothing_for_long_is_given_up "
        "security/test_http_edge"
        "::cve_2025_53365_a_reset_in_the_middle_of_an_answer_ends_nothing",
    ),
    Attack(
        "compressed bodies",
        "they are refused",
        "server/test_http_requests::a_compressed_body_is_415 "
        "system/test_area_g_limits::s129_a_compressed_body_is_no_way_round_it "
        "security/test_oauth_http::a_small_body_does_not_become_a_large_one",
    ),
    Attack(
        "header smuggling",
        "what two readers could read differently is refused",
        "server/test_http_edge::what_two_readers_could_read_differently_is_400_and_the_end "
        "security/test_oauth_http::header_smuggling_what_was_said_twice_is_not_chosen_from "
        "...::documents_do_not_say_what_a_request_says "
        "...::credentials_of_a_browser_are_not_sent_by_pages_of_others",
    ),
]

SESSIONS = [
    Attack(
        "ids of sessions",
        "they are made by chance, and are no credential: 404 for anybody else",
        "security/test_sessions::cve_2025_6515_session_ids_cannot_be_guessed "
        "auth/test_bearer::a_session_is_its_callers_alone "
        "server/test_session_owners::a_session_is_nobody_elses "
        "security/test_sessions"
        "::users_of_two_providers_are_two_though_they_have_one_number",
    ),
    Attack(
        "bounded sessions",
        "they end when idle, there are so many of them, and nothing is left",
        "server/test_http_sessions::an_idle_session_expires "
        "...::too_many_sessions_are_503_until_one_ends "
        "server/test_session_owners::a_caller_has_so_many_sessions_and_no_more "
        "security/test_sessions::cve_2026_59951_sessions_that_end_leave_nothing",
    ),
    Attack(
        "nothing shared",
        "equal ids of two clients never cross",
        "security/test_sessions::cve_2026_25536_equal_ids_never_cross",
    ),
    Attack(
        "replay",
        "events are replayed to their own session and caller",
        "server/test_http_streams::nothing_is_replayed_to_strangers "
        "server/test_event_stores::an_id_tells_nothing_and_is_hard_to_guess",
    ),
    Attack(
        "owners",
        "answers, subscriptions, sealed state and tasks are of who began them",
        "server/test_request_state::state_serves_only_the_request_that_it_was_sealed_for "
        "...::ten_thousand_changed_states_are_refused_and_nothing_runs ...::old_state_is_refused "
        "server/test_auth_middleware::nobody_watches_what_they_may_not_read "
        "server/test_sessions::an_id_is_good_for_the_caller_who_created_it "
        "security/test_sessions::cve_2026_52870_there_is_no_task_to_be_had_by_its_id",
    ),
    Attack(
        "caches",
        "what is kept for one caller is no other's",
        "server/test_response_caching::callers_are_told_apart "
        "...::a_check_that_fails_later_is_heeded "
        "client/test_caching::an_answer_is_shared_only_if_both_sides_say_so",
    ),
    Attack(
        "views",
        "visibility, log level and state of one client are seen by no other",
        "server/test_session_visibility::what_is_shown_to_one_session_stays_hidden_from_others "
        "security/test_sessions::state_of_one_session_is_not_that_of_another "
        "...::the_level_of_one_clients_log_is_no_others",
    ),
    Attack(
        "context variables",
        "they end with their request, in threads and background tasks as well",
        "security/test_sessions::context_variables_end_with_their_request "
        "client/test_options::context_variables_of_a_tool_are_its_own",
    ),
]

TOKENS = [
    Attack(
        "validation by default",
        "audience and issuer, one algorithm, times; an unknown key's name does not fetch for ever",
        "auth/test_jwt::without_an_audience_tokens_are_for_this_server "
        "...::claims_that_are_not_in_order_are_refused "
        "...::any_audience_and_any_issuer_have_to_be_asked_for "
        "auth/test_jwt_attacks::what_nobody_signed_is_refused "
        "auth/test_jwt_key_sets::a_flood_of_unknown_names_asks_once",
    ),
    Attack(
        "kinds of tokens",
        "refresh and id tokens open nothing",
        "auth/test_jwt::other_types_are_refused "
        "...::id_tokens_are_taken_where_they_are_asked_for "
        "security/test_oauth_server::fastmcp_3524_a_refresh_token_is_no_bearer_token",
    ),
    Attack(
        "opaque tokens",
        "for whom a token was issued is looked at",
        "auth/test_introspection::a_token_must_be_for_the_audience "
        "auth/providers/test_opaque_tokens::a_token_of_another_app_is_refused",
    ),
    Attack(
        "scopes",
        "none are none; who needs more is told which (403)",
        "security/test_oauth_server::fastmcp_3503_no_scopes_are_none "
        "...::a_user_gives_no_scope_that_nobody_said_there_is "
        "auth/test_bearer::a_token_without_the_scopes_is_told_which "
        "auth/test_step_up::the_answer_has_the_challenge_of_all_scopes",
    ),
    Attack(
        "malformed tokens and key sets",
        "whatever they are made of, they are no failure of ours",
        "auth/test_jwt_attacks::no_text_makes_a_verifier_fail "
        "auth/test_jwt_key_sets::what_is_no_key_set_leaves_it_open "
        "security/test_oauth_server::no_text_is_a_token",
    ),
    Attack(
        "comparisons",
        "how long they take tells nothing; what is secret is made by chance",
        "security/test_tokens::secrets_are_compared_in_constant_time "
        "...::secrets_are_made_by_chance_that_nobody_can_tell",
    ),
    Attack(
        "leaks",
        "no secret is logged, shown or told; what is kept is encrypted",
        "security/test_leaks::an_authorization_server_says_no_secret "
        "...::a_proxy_says_no_secret ...::a_token_that_cannot_be_verified_is_not_logged "
        "...::the_access_log_has_no_code "
        "auth/test_bearer::tokens_are_not_shown "
        "auth/oauth_proxy/test_refreshing::what_is_kept_has_no_token_in_clear "
        "server/test_redaction::secrets_within_texts_are_hidden",
    ),
]

OAUTH = [
    Attack(
        "consent",
        "by client and place, in one browser, with a token, in no frame, without a script",
        "security/test_oauth_proxy::fastmcp_3519_an_answer_has_to_come_from_the_page "
        "...::cookies_are_for_this_host_alone_and_hidden_from_scripts "
        "auth/authorization_server/test_consent::the_page_cannot_be_framed_and_runs_nothing "
        "...::an_answer_from_another_browser_does_not_count "
        "security/test_oauth_server::xss_what_a_request_says_is_text_on_every_page",
    ),
    Attack(
        "silent consent",
        "never for a new client, nor by way of another page",
        "security/test_oauth_proxy::fastmcp_3960_what_was_approved_once_is_no_approval_of_others",
    ),
    Attack(
        "redirect URIs",
        "character by character; the port of the user's machine is free",
        "security/test_oauth_server::users_are_sent_nowhere_but_to_what_was_registered "
        "...::the_port_of_the_users_machine_is_free_and_nothing_else_is "
        "...::a_host_that_is_none_is_not_registered "
        "security/test_oauth_proxy::a_code_is_sent_to_no_other_machine_in_clear "
        "security/test_oauth_server"
        "::the_state_of_a_client_does_not_split_the_redirect",
    ),
    Attack(
        "PKCE and codes",
        "S256 always; a code is good once, for one client, one place and one verifier",
        "security/test_oauth_server::pkce_is_not_left_out_nor_weakened "
        "...::a_code_is_of_one_client ...::a_code_is_for_one_redirect_uri "
        "...::a_code_that_comes_again_ends_what_it_gave "
        "...::a_code_that_is_sent_often_at_once_gives_one_answer_at_most "
        "security/test_oauth_proxy::a_code_is_of_the_client_that_began "
        "...::what_comes_again_ends_the_session",
    ),
    Attack(
        "refresh tokens",
        "a second use ends all; they give no more than they had, to nobody else",
        "security/test_oauth_server::a_refresh_token_that_comes_again_ends_all "
        "...::a_refresh_token_is_of_one_client_and_gives_no_more_than_it_had "
        "auth/oauth_proxy/test_refreshing::a_refresh_token_that_comes_back_late_ends_the_session",
    ),
    Attack(
        "state, iss, and words of others",
        "both are checked; what an identity provider says goes no further",
        "security/test_oauth_proxy::words_of_the_identity_provider_go_no_further "
        "...::an_identity_provider_that_fails_tells_clients_nothing_of_itself "
        "...::what_users_are_sent_with_to_the_identity_provider_says_no_secret "
        "...::an_answer_comes_once ...::fastmcp_4438_an_answer_of_another_issuer_is_refused",
    ),
    Attack(
        "registering",
        "bounded in size and number; nobody chooses an id, or gets tokens without a user",
        "security/test_oauth_server::dcr_takes_no_nonsense "
        "...::a_client_does_not_choose_what_it_is_known_by "
        "...::a_client_is_not_registered_for_what_it_could_do_alone "
        "security/test_oauth_http::dcr_abuse_is_slowed_down "
        "...::by_default_registering_has_a_rate_and_an_end",
    ),
    Attack(
        "documents of clients",
        "https from outside alone, small, of the very URL, with the place that is shown",
        "auth/authorization_server/test_client_metadata_documents"
        "::a_document_that_is_not_in_order_is_no_client "
        "...::no_document_is_fetched_from_inside "
        "security/test_oauth_server"
        "::a_document_that_is_not_there_is_not_asked_for_each_time "
        "auth/authorization_server/test_consent::the_page_says_what_is_known_of_a_client",
    ),
    Attack(
        "SSRF",
        "looked up once and pinned; nothing inside; no redirects elsewhere; size and time bounded",
        "auth/test_fetching::a_document_is_fetched_from_the_address_that_was_looked_at "
        "...::addresses_that_are_not_public_stand_in_no_url "
        "...::urls_that_can_be_read_in_two_ways_are_refused "
        "...::redirects_to_elsewhere_are_refused ...::too_much_is_not_read "
        "...::a_dripping_server_is_not_waited_for "
        "auth/test_fetching_addresses::what_is_public_is_global",
    ),
    Attack(
        "malformed requests",
        "an error of OAuth's for whatever is sent to any endpoint, and never a 500",
        "security/test_oauth_fuzz::no_metadata_of_a_client_is_a_failure_of_ours "
        "...::no_body_is_a_failure_of_ours "
        "...::no_authorization_request_is_a_failure_of_ours "
        "...::no_token_request_is_a_failure_of_ours ...::other_methods_are_not_served",
    ),
    Attack(
        "proof of clients",
        "without the secret, or with another's, nobody is a client",
        "security/test_oauth_server"
        "::a_client_proves_who_it_is_in_the_way_that_it_registered "
        "auth/authorization_server/test_attacks::a_client_proves_who_it_is_in_one_way",
    ),
    Attack(
        "token passthrough",
        "tokens of an identity provider open nothing here, and ours nothing there",
        "security/test_oauth_proxy::token_passthrough_only_our_access_tokens_open_the_endpoint "
        "...::a_token_that_was_signed_otherwise_is_refused "
        "auth/oauth_proxy/test_flow::no_token_of_the_identity_provider_reaches_the_client",
    ),
]

CLIENT = [
    Attack(
        "credentials and issuers",
        "another authorization server than before gets nothing silently",
        "security/test_oauth_client"
        "::ghsa_qx49_cve_2026_104850_credentials_stay_with_their_issuer "
        "...::mix_up_documents_that_are_of_somebody_else_are_not_trusted",
    ),
    Attack(
        "redirects",
        "credentials, session and body go to no other origin, and not to http",
        "client/test_http_reaching::a_redirect_to_another_origin_is_not_followed "
        "...::a_redirect_changes_neither_scheme_nor_user "
        "client/test_sse::messages_go_to_no_other_origin",
    ),
    Attack(
        "nothing is fetched by itself",
        "no schemas, icons or links; and no schema takes long",
        "security/test_client::ghsa_rwrf_2pqf_9j8j_nothing_that_a_schema_names_is_fetched "
        "...::icons_and_links_are_not_fetched "
        "_hydration/test_hostile_schemas::a_harmful_schema_does_no_harm",
    ),
    Attack(
        "signing in",
        "http(s) without a shell; a callback on loopback, once, with its state, and escaped",
        "security/test_oauth_client::cve_2025_6514_no_such_page_is_opened "
        "...::cve_2025_62800_what_comes_back_is_checked_and_escaped "
        "...::the_callback_is_for_this_machine_alone_and_for_once",
    ),
    Attack(
        "lists and texts",
        "pages have an end; what is printed commands no terminal",
        "client/test_stdio::a_list_without_an_end_is_stopped "
        "security/test_stdio_cli::fastmcp_3409_a_server_does_not_command_the_terminal "
        "...::a_result_that_goes_to_a_file_is_as_it_came",
    ),
    Attack(
        "floods",
        "no server makes the client grow",
        "security/test_client::a_flood_does_not_grow_the_client "
        "...::a_round_cannot_ask_for_everything_at_once "
        "faults/test_http_faults::an_endless_answer_is_not_kept",
    ),
    Attack(
        "what a server asks",
        "sampling, elicitation and roots are answered where a handler was set",
        "client/test_answers::what_was_not_declared_is_refused",
    ),
    Attack(
        "malformed documents and answers",
        "an error of the client's, in a short line",
        "security/test_oauth_client::no_document_makes_the_client_fail "
        "...::no_answer_of_a_token_endpoint_is_more_than_an_error "
        "...::strange_numbers_do_no_harm",
    ),
]

PROXY_OPENAPI = [
    Attack(
        "paths and headers of an API",
        "values stay in their place; no argument is a credential or ends a header",
        "openapi/test_confinement::segments_of_dots_are_refused ...::whatever_the_value_is "
        "openapi/test_parameters::a_header_cannot_end_early "
        "...::credentials_and_framing_are_no_arguments",
    ),
    Attack(
        "headers of callers",
        "none is sent on that was not listed",
        "proxy/test_sessions_behind::headers_stay_here_unless_they_are_to_be_sent_on "
        "openapi/test_fastapi::headers_of_the_caller_are_not_passed_on",
    ),
    Attack(
        "other ways to a component",
        "search, resources as tools, sampling and REST run the same checks and middleware",
        "transforms/test_search::middleware_of_lists_and_calls_runs_within_search_and_call "
        "...::everybody_finds_what_they_may_use "
        "transforms/test_as_tools::middleware_of_prompts_and_resources_runs "
        "server/test_sampling_tools::a_tool_of_a_server_keeps_its_checks "
        "system/test_area_i_rest::s168_rest_honours_checks_and_middleware "
        "server/test_mounting::a_checked_tool_stays_checked",
    ),
    Attack(
        "sessions behind a proxy",
        "they are of one caller",
        "proxy/test_sessions_behind::callers_of_different_identity_share_no_connection",
    ),
    Attack(
        "results from behind",
        "too much, or what is malformed, is an error",
        "openapi/test_answers::an_answer_without_end_is_refused "
        "faults/test_stdio_faults::an_answer_that_is_too_large_ends_the_connection "
        "proxy/test_failing_behind::three_bad_servers_among_five_disturb_no_other",
    ),
]

RESOURCES_FILES = [
    Attack(
        "templates",
        "no URI and no template takes long",
        "resources/test_matching::no_uri_and_no_template_takes_long",
    ),
    Attack(
        "values of templates",
        "dots, absolute paths, drives, NUL, other separators and layers of encoding are refused",
        "resources/test_security::a_value_that_leads_elsewhere_is_named "
        "resources/test_matching::text_within_a_query_is_refused",
    ),
    Attack(
        "links",
        "files, directories and skills stay where they are",
        "security/test_resources_files::cve_2025_53109_a_skill_does_not_lead_out_of_its_folder "
        "...::cve_2025_53110_a_directory_lists_nothing_behind_its_links "
        "resources/test_classes::a_directory_lists_the_files_in_it",
    ),
]

STDIO_CLI = [
    Attack(
        "programs",
        "they are started with lists of arguments; an installer refuses what a shell would read",
        "security/test_stdio_cli::cve_2025_69872_nothing_is_run_that_was_read "
        "...::cve_2025_68144_no_argument_of_a_call_reaches_a_program "
        "cli/install/test_refusing::a_name_is_refused_that_is_more_than_a_name "
        "...::a_path_with_a_shells_characters_is_kept_out_of_links_and_command_lines "
        "...::cmd_exe_is_given_nothing_that_it_would_read",
    ),
    Attack(
        "generated code",
        "what a server says is text in it, never code; its name is made safe for configurations",
        "cli/test_generate_cli::nothing_of_a_server_is_ever_code "
        "cli/install/test_refusing::a_servers_own_name_is_made_safe",
    ),
    Attack(
        "pages for developers",
        "theirs is on loopback, for who has its key, and runs no script but its own",
        "inspector/test_access::nothing_is_done_without_the_key "
        "...::another_host_is_refused "
        "...::another_origin_is_refused "
        "...::the_page_runs_only_its_own_scripts",
    ),
    Attack(
        "standard output",
        "it is the protocol's, and standard input as well",
        "system/test_area_g::s120_stdout_carries_nothing_but_messages "
        "server/test_stdio::prints_go_to_stderr",
    ),
    Attack(
        "logs",
        "nobody waits for who does not read them; what commands a terminal is spelt out",
        "server/test_log_output::nobody_waits_for_a_pipe_that_is_not_read "
        "...::no_text_passes_for_a_record",
    ),
    Attack(
        "files",
        "nothing is unpickled, and others read nothing",
        "security/test_stdio_cli::cve_2025_69872_nothing_is_run_that_was_read "
        "security/test_resources_files::files_of_ours_are_for_their_owner_alone "
        "auth/storage/test_oauth_storage"
        "::by_default_an_encrypted_file_at_home_outlives_the_process",
    ),
]

ERRORS_LIMITS = [
    Attack(
        "errors",
        "they hide what is not for the caller, and repeat no values",
        "components/test_failures::an_exception_is_a_result_that_names_the_tool "
        "...::a_value_that_does_not_fit_the_annotation_is_not_told_to_the_client "
        "server/rest/test_tools::masked_errors_stay_masked "
        "security/test_leaks::values_that_do_not_fit_are_not_repeated",
    ),
    Attack(
        "failures",
        "one tool, provider or client takes nobody along; there are limits by caller",
        "server/test_sampling_tools::a_tool_that_would_end_the_process_does_not "
        "security/test_errors_limits::a_tool_that_ends_the_process_does_not "
        "server/limiting/test_rate_limiting::a_caller_who_is_known_has_a_limit_of_its_own "
        "server/limiting/test_concurrency::never_more_run_than_may",
    ),
    Attack(
        "much that is wrong",
        "a refusal costs no more than what is refused",
        "security/test_errors_limits::a_refusal_of_much_is_short_and_soon",
    ),
    Attack(
        "code",
        "off by default; in a sandbox with bounds",
        "transforms/test_code_mode::one_run_may_call_so_often "
        "...::monty_that_is_not_installed_is_asked_for "
        "security/test_errors_limits::fastmcp_4170_code_has_neither_time_nor_memory_without_end",
    ),
]

CHECKLIST = {
    "HTTP edge": HTTP_EDGE,
    "Sessions and isolation": SESSIONS,
    "Tokens": TOKENS,
    "OAuth": OAUTH,
    "Client": CLIENT,
    "Proxy, OpenAPI, mounting": PROXY_OPENAPI,
    "Resources, templates, files": RESOURCES_FILES,
    "stdio, CLI, installers, tools": STDIO_CLI,
    "Errors and limits": ERRORS_LIMITS,
    "Combinations": COMBINATIONS,
    "Neighbours": NEIGHBOURS,
}
