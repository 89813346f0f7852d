"""The advisories that were published for servers and clients of MCP, and what holds them off here.

Hardening changes of FastMCP that have no advisory are known by their number there.
"""

from __future__ import annotations

from .attack import Attack

FASTMCP = [
    Attack(
        "CVE-2025-62800 GHSA-mxxr-jv3v-6pgc",
        "the page that a sign-in ends at shows the query as HTML",
        "security/test_oauth_client::cve_2025_62800_what_comes_back_is_checked_and_escaped "
        "auth/peers/test_our_client::what_a_provider_says_is_shown_as_text",
    ),
    Attack(
        "CVE-2025-62801 GHSA-rj5c-58rq-j5g5",
        "a server's name reaches a shell of an installer",
        "cli/install/test_refusing::a_name_is_refused_that_is_more_than_a_name "
        "...::a_path_with_a_shells_characters_is_kept_out_of_links_and_command_lines",
    ),
    Attack(
        "GHSA-c2jp-c369-7pvx",
        "a proxy with one upstream client signs users in for anybody's client (confused deputy)",
        "security/test_oauth_proxy::ghsa_c2jp_c369_7pvx_nobody_is_signed_in_without_a_question "
        "auth/peers/test_proxies::nobody_is_signed_in_for_somebody_elses_client",
    ),
    Attack(
        "GHSA-rcfx-77hg-w2wv",
        "a library below has no guard against DNS rebinding",
        "security/test_dependencies::ghsa_rcfx_77hg_w2wv_no_library_of_the_protocol_is_below_us "
        "server/test_http_guard::a_loopback_server_refuses_other_hosts_and_says_how_to_allow_them",
    ),
    Attack(
        "CVE-2025-69196 GHSA-5h2m-4q8j-pqpj",
        "a token that was issued for one server opens another",
        "security/test_oauth_server"
        "::cve_2025_69196_ghsa_w4fh_a_token_is_for_this_server_alone "
        "security/test_oauth_proxy::cve_2025_69196_a_token_of_another_server_is_refused",
    ),
    Attack(
        "CVE-2026-27124 GHSA-rww4-4w9c-7733",
        "one browser consents, and another comes back",
        "security/test_oauth_proxy::cve_2026_27124_who_consented_is_who_comes_back "
        "auth/peers/test_consent_page::the_page_of_one_browser_is_not_answered_by_another",
    ),
    Attack(
        "CVE-2026-32871 GHSA-vv7q-7jx5-f767",
        "arguments lead out of the path of an API, or to another host",
        "openapi/test_confinement::segments_of_dots_are_refused "
        "...::whatever_the_value_is ...::any_other_value_stays_one_segment "
        "...::a_path_that_looks_like_a_url_is_one_of_the_api",
    ),
    Attack(
        "CVE-2025-64340 GHSA-m8x7-r2rg-vh5g",
        "an installer starts a .cmd file with what its shell reads",
        "cli/install/test_refusing::cmd_exe_is_given_nothing_that_it_would_read",
    ),
    Attack(
        "CVE-2025-69872",
        "files of a cache are unpickled",
        "security/test_stdio_cli::cve_2025_69872_nothing_is_run_that_was_read",
    ),
    Attack(
        "CVE-2026-48710",
        "a Host with a path in it changes which path a request is taken for",
        "security/test_dependencies::cve_2026_48710_starlette_is_one_that_reads_hosts_rightly "
        "security/test_http_edge::cve_2026_48710_a_host_is_no_path",
    ),
    Attack(
        "CVE-2026-32597",
        "a library accepts extensions of a JWT that it does not know",
        "auth/test_jwt_attacks::extensions_that_must_be_understood_are_refused "
        "security/test_dependencies::cve_2026_32597_tokens_are_read_by_one_library",
    ),
]

HARDENING = [
    Attack(
        "fastmcp#3493 #3410",
        "paths of a skill's manifest lead out of its folder",
        "providers/test_skills_clients::a_path_that_leads_elsewhere_stops_the_copy "
        "...::a_name_that_leads_elsewhere_is_refused "
        "providers/test_skills::nothing_outside_of_the_folder_is_read",
    ),
    Attack(
        "fastmcp#3502",
        "references of a document are fetched",
        "openapi/test_hostile_documents::nothing_is_fetched "
        "security/test_client::ghsa_rwrf_2pqf_9j8j_nothing_that_a_schema_names_is_fetched",
    ),
    Attack(
        "fastmcp#3494",
        "a model calls a tool that its user may not",
        "server/test_sampling_tools::a_tool_of_a_server_keeps_its_checks",
    ),
    Attack(
        "fastmcp#3495",
        "resources and prompts go past middleware as tools",
        "transforms/test_as_tools::middleware_of_prompts_and_resources_runs "
        "...::what_a_caller_may_not_see_is_not_there",
    ),
    Attack(
        "fastmcp#3496 #3963 #4408",
        "a redirect URI that is not the client's, or only resembles what is allowed",
        "security/test_oauth_server::users_are_sent_nowhere_but_to_what_was_registered "
        "...::fastmcp_4408_4419_no_client_registers_such_a_redirect_uri "
        "security/test_oauth_proxy::fastmcp_3963_patterns_of_redirect_uris_are_not_walked_around "
        "auth/authorization_server/test_redirect_patterns::a_pattern_does_not_allow",
    ),
    Attack(
        "fastmcp#3501",
        "a malformed template is an error of a regular expression",
        "resources/test_expansion::an_invalid_template_is_refused_with_a_cure "
        "resources/test_matching::no_uri_and_no_template_takes_long",
    ),
    Attack(
        "fastmcp#3503",
        "no scopes are taken for all",
        "security/test_oauth_server::fastmcp_3503_no_scopes_are_none "
        "...::scopes_are_those_that_the_client_may_have",
    ),
    Attack(
        "fastmcp#3492",
        "scopes that were asked for count as granted",
        "auth/oauth_proxy/test_flow::the_scopes_are_those_that_the_identity_provider_granted "
        "auth/providers/test_proxies::scopes_that_were_not_granted_are_not_there",
    ),
    Attack(
        "fastmcp#3519",
        "another site's form consents",
        "security/test_oauth_proxy::fastmcp_3519_an_answer_has_to_come_from_the_page "
        "auth/authorization_server/test_consent"
        "::an_answer_that_was_not_given_on_the_page_does_not_count "
        "auth/peers/test_consent_page::a_form_of_another_site_is_no_answer",
    ),
    Attack(
        "fastmcp#3524",
        "a refresh token opens the endpoint",
        "security/test_oauth_server::fastmcp_3524_a_refresh_token_is_no_bearer_token "
        "security/test_oauth_proxy::token_passthrough_only_our_access_tokens_open_the_endpoint",
    ),
    Attack(
        "fastmcp#3430",
        "a public key is taken for the secret of HS256 (algorithm confusion)",
        "auth/test_jwt_attacks::a_public_key_is_no_secret "
        "auth/test_jwt::each_algorithm_takes_its_own_tokens_alone "
        "...::what_cannot_be_verified_by_is_refused_when_it_is_made",
    ),
    Attack(
        "fastmcp#3405 #3406 #4827 #3905",
        "a token that was issued to another app is taken",
        "auth/providers/test_opaque_tokens::a_token_of_another_app_is_refused "
        "auth/providers/test_proxies::a_token_that_is_not_for_the_app_is_refused "
        "auth/providers/test_remote_providers::a_token_that_is_not_for_us_is_refused "
        "...::tokens_of_cognito_are_for_an_app_client",
    ),
    Attack(
        "fastmcp#3407",
        "scopes that nobody told are granted",
        "auth/providers/test_opaque_tokens::no_scopes_are_granted_where_none_are_told",
    ),
    Attack(
        "fastmcp#3408",
        "a proxy uses the request of an earlier caller",
        "proxy/test_sessions_behind::callers_of_different_identity_share_no_connection "
        "...::what_is_kept_for_a_session_is_kept_for_no_other "
        "...::questions_go_to_the_client_whose_call_caused_them",
    ),
    Attack(
        "fastmcp#3409",
        "names and descriptions command the terminal",
        "security/test_stdio_cli::fastmcp_3409_a_server_does_not_command_the_terminal "
        "cli/test_auth_doctor::nothing_of_a_peer_reaches_the_terminal_as_a_command",
    ),
    Attack(
        "fastmcp#3411",
        "a list has no end",
        "client/test_stdio::a_list_without_an_end_is_stopped "
        "...::a_repeated_cursor_ends_the_list "
        "client/test_options::a_page_that_never_ends_is_stopped",
    ),
    Attack(
        "fastmcp#3414",
        "names that a client chooses are names in a store",
        "auth/storage/test_oauth_storage"
        "::a_key_value_store_has_neither_contents_nor_names_in_clear "
        "server/backplane/test_encrypted::nothing_in_redis_can_be_read",
    ),
    Attack(
        "fastmcp#3418",
        "what a client says of itself is HTML on the consent page",
        "security/test_oauth_proxy::fastmcp_3418_what_a_client_says_of_itself_is_text "
        "auth/peers/test_consent_page::what_a_client_says_of_itself_is_shown_as_text",
    ),
    Attack(
        "fastmcp#3436",
        "headers are logged with their credentials",
        "security/test_leaks::fastmcp_3436_headers_are_not_logged",
    ),
    Attack(
        "fastmcp#3132",
        "what one session sees is shown to another",
        "server/test_session_visibility::what_is_shown_to_one_session_stays_hidden_from_others "
        "...::only_the_session_hears_that_its_lists_have_changed",
    ),
    Attack(
        "fastmcp#3262 #3837 #4853",
        "headers of a caller are sent on to other servers",
        "proxy/test_sessions_behind::headers_stay_here_unless_they_are_to_be_sent_on "
        "openapi/test_fastapi::headers_of_the_caller_are_not_passed_on",
    ),
    Attack(
        "fastmcp#3816",
        "the size of what is sent is the one that the client says",
        "server/test_http_requests::a_body_longer_than_it_says_is_refused "
        "...::a_chunked_body_is_refused_when_it_passes_the_limit",
    ),
    Attack(
        "fastmcp#3960",
        "an authorization server in the middle has a user consent silently",
        "security/test_oauth_proxy::fastmcp_3960_what_was_approved_once_is_no_approval_of_others",
    ),
    Attack(
        "fastmcp#4041",
        "one caller is answered from what was kept for another",
        "server/test_response_caching::callers_are_told_apart "
        "...::identities_without_a_token_are_told_apart "
        "server/limiting/test_idempotency::nobody_has_the_answer_of_somebody_else",
    ),
    Attack(
        "fastmcp#4170",
        "code of a model runs without an end",
        "transforms/test_code_mode::one_run_may_call_so_often "
        "...::code_ends_with_the_request "
        "security/test_errors_limits::fastmcp_4170_code_has_neither_time_nor_memory_without_end",
    ),
    Attack(
        "fastmcp#4399",
        "a page for developers starts what its query says",
        "inspector/test_access::nothing_is_done_without_the_key",
    ),
    Attack(
        "fastmcp#4400 #4426",
        "addresses in tunnels and translations lead inside (SSRF)",
        "auth/test_fetching_addresses::no_tunnel_leads_to_a_private_address "
        "...::what_is_public_in_ipv6_is_global "
        "auth/test_fetching::addresses_that_are_not_public_are_not_connected_to "
        "...::a_name_that_is_bound_anew_is_looked_at_anew "
        "...::urls_that_can_be_read_in_two_ways_are_refused",
    ),
    Attack(
        "fastmcp#4402",
        "events of one session are replayed to another",
        "server/test_http_streams::nothing_is_replayed_to_strangers "
        "...::only_the_stream_of_the_event_is_replayed "
        "cluster/test_shared_sessions::a_stream_is_resumed_by_its_own_session_only",
    ),
    Attack(
        "fastmcp#4405",
        "a page reaches a server by a name that was bound anew (DNS rebinding)",
        "server/test_http_guard::a_loopback_server_refuses_other_hosts_and_says_how_to_allow_them "
        "...::a_loopback_server_refuses_pages_of_other_origins "
        "security/test_oauth_http::fastmcp_4405_foreign_pages_reach_no_endpoint_of_oauth",
    ),
    Attack(
        "fastmcp#4419",
        "a redirect URI is of a scheme that runs or reads something",
        "security/test_oauth_server::fastmcp_4408_4419_no_client_registers_such_a_redirect_uri",
    ),
    Attack(
        "fastmcp#4446",
        "a session goes on with another credential",
        "auth/test_bearer::a_session_is_its_callers_alone "
        "server/test_session_owners::a_session_is_nobody_elses",
    ),
    Attack(
        "fastmcp#4438",
        "an answer comes from another issuer than was asked (mix-up, RFC 9207)",
        "security/test_oauth_proxy::fastmcp_4438_an_answer_of_another_issuer_is_refused "
        "security/test_oauth_client::cve_2025_62800_what_comes_back_is_checked_and_escaped",
    ),
    Attack(
        "fastmcp#4449 #4482",
        "values in a URI lead out of a folder",
        "resources/test_security::a_value_that_leads_elsewhere_is_named "
        "server/test_mounting::values_are_screened_as_the_strictest_server_does",
    ),
    Attack(
        "fastmcp#4659 #4799",
        "a proof of a client's key is for another server, or used again",
        "auth/authorization_server/test_client_metadata_documents"
        "::a_proof_that_is_none_is_refused ...::a_client_proves_itself_by_its_key",
    ),
    Attack(
        "fastmcp#4692",
        "tools for an app's interface are shown to the model",
        "transforms/test_search::tools_for_the_interfaces_of_apps_are_not_for_the_model",
    ),
]

PYTHON_SDK = [
    Attack(
        "CVE-2025-53366 GHSA-3qhf-m339-9g5v",
        "a malformed request ends the server",
        "security/test_http_edge::cve_2025_53366_a_malformed_request_ends_nothing "
        "server/test_stdio::what_is_no_message_is_answered_and_survived "
        "_protocol/test_fuzz_smoke::bad_input_is_answered_as_json_rpc_says",
    ),
    Attack(
        "CVE-2025-53365 GHSA-j975-95f5-7wqh",
        "a client that leaves ends the server",
        "security/test_http_edge"
        "::cve_2025_53365_a_reset_in_the_middle_of_an_answer_ends_nothing "
        "server/test_sse::a_client_that_leaves_ends_its_session_and_its_calls",
    ),
    Attack(
        "CVE-2025-66416 GHSA-9h52-p55h-vw2f",
        "the guard against DNS rebinding is off by default",
        "_protocol/test_guard::the_address_decides_unless_something_was_said "
        "server/test_http_guard::a_loopback_server_refuses_other_hosts_and_says_how_to_allow_them",
    ),
    Attack(
        "CVE-2026-52869 GHSA-jpw9-pfvf-9f58",
        "whoever has a session's id has the session",
        "auth/test_bearer::a_session_is_its_callers_alone "
        "server/test_session_owners::a_session_is_nobody_elses "
        "server/test_sse_limits::a_session_belongs_to_the_principal_that_opened_it",
    ),
    Attack(
        "CVE-2026-52870 GHSA-hvrp-rf83-w775",
        "whoever has a task's id has the task",
        "tasks/test_protocol::somebody_elses_task_is_as_one_that_is_not_there "
        "security/test_sessions::cve_2026_52870_there_is_no_task_to_be_had_by_its_id",
    ),
    Attack(
        "CVE-2026-59950 GHSA-vj7q-gjh5-988w",
        "a WebSocket is opened by a foreign page",
        "security/test_http_edge::cve_2026_59950_a_websocket_is_guarded_as_every_request "
        "...::cve_2026_59950_the_endpoint_is_no_websocket",
    ),
    Attack(
        "GHSA-fmmv-w9g8-j3gc",
        "a body has no bound, at endpoints of OAuth neither",
        "security/test_oauth_http::ghsa_fmmv_w9g8_j3gc_no_endpoint_reads_without_a_bound "
        "server/test_http_requests::a_declared_length_over_the_limit_is_refused_before_the_body",
    ),
    Attack(
        "CVE-2026-59951 GHSA-84m7-p3x7-pcfv",
        "sessions are never given up",
        "security/test_sessions::cve_2026_59951_sessions_that_end_leave_nothing "
        "server/test_http_sessions::an_idle_session_expires "
        "...::too_many_sessions_are_503_until_one_ends",
    ),
    Attack(
        "GHSA-w4fh-qvv9-3v23",
        "nobody looks for whom a token was issued",
        "auth/test_jwt::without_an_audience_tokens_are_for_this_server "
        "...::who_does_not_say_whom_tokens_are_for_is_told "
        "security/test_oauth_server"
        "::ghsa_w4fh_a_token_of_another_resource_of_the_same_issuer_is_refused",
    ),
    Attack(
        "GHSA-qx49-fqc8-xw99",
        "a client sends its secret to an authorization server that the MCP server chose",
        "security/test_oauth_client::ghsa_qx49_cve_2026_104850_credentials_stay_with_their_issuer",
    ),
    Attack(
        "GHSA-5h93-6whr-6q8j",
        "a redirect takes credentials, session and body to another origin",
        "client/test_http_reaching::a_redirect_to_another_origin_is_not_followed "
        "...::a_redirect_changes_neither_scheme_nor_user "
        "security/test_oauth_client::ghsa_5h93_a_token_endpoint_does_not_send_credentials_on",
    ),
    Attack(
        "GHSA-rwrf-2pqf-9j8j",
        "a client fetches what a schema names",
        "security/test_client::ghsa_rwrf_2pqf_9j8j_nothing_that_a_schema_names_is_fetched",
    ),
]

TYPESCRIPT_SDK = [
    Attack(
        "CVE-2025-66414 GHSA-w48q-cv73-mx4w",
        "the guard against DNS rebinding is off by default",
        "_protocol/test_guard::the_address_decides_unless_something_was_said",
    ),
    Attack(
        "CVE-2026-0621",
        "a URI makes a template's matcher try for ever",
        "resources/test_matching::no_uri_and_no_template_takes_long",
    ),
    Attack(
        "CVE-2026-25536 GHSA-345p-7cg4-v4c7",
        "answers go to another client that used the same id",
        "security/test_sessions::cve_2026_25536_equal_ids_never_cross",
    ),
    Attack(
        "CVE-2026-104850 GHSA-6qxp-vccf-f47h",
        "a client sends its credentials to an authorization server that the MCP server chose",
        "security/test_oauth_client::ghsa_qx49_cve_2026_104850_credentials_stay_with_their_issuer",
    ),
    Attack(
        "GHSA-22jm-h49p-29qw",
        "tasks are of no session",
        "tasks/test_protocol::somebody_elses_task_is_as_one_that_is_not_there "
        "...::tasks_are_listed_to_those_whose_they_are",
    ),
    Attack(
        "GHSA-6prh-2h8m-c8cw",
        "a redirect leads to another origin",
        "client/test_http_reaching::a_redirect_to_another_origin_is_not_followed",
    ),
    Attack(
        "GHSA-rvq5-wwqv-78pq",
        "nobody looks for whom a token was issued",
        "auth/test_jwt::without_an_audience_tokens_are_for_this_server",
    ),
]

OTHERS = [
    Attack(
        "CVE-2025-49596 GHSA-7f8r-222p-6f5g",
        "a page has a local proxy start commands",
        "inspector/test_access::nothing_is_done_without_the_key "
        "server/test_http_guard::a_loopback_server_refuses_pages_of_other_origins",
    ),
    Attack(
        "CVE-2025-58444 GHSA-g9hg-qhmf-q45m",
        "a redirect URL runs as a script",
        "security/test_oauth_client::cve_2025_6514_no_such_page_is_opened",
    ),
    Attack(
        "CVE-2026-23744 GHSA-232v-j27c-5pp6",
        "an endpoint that installs things listens on every address",
        "system/test_area_g::s104_http_is_served_on_port_8000_of_loopback_only "
        "inspector/test_access::another_host_is_refused",
    ),
    Attack(
        "CVE-2025-6514 GHSA-6xpm-ggf7-wc3p",
        "a shell opens the URL of an authorization endpoint",
        "security/test_oauth_client::cve_2025_6514_no_such_page_is_opened",
    ),
    Attack(
        "CVE-2026-34742 GHSA-xw59-hvm2-8pj6",
        "DNS rebinding",
        "server/test_http_guard::a_loopback_server_refuses_other_hosts_and_says_how_to_allow_them",
    ),
    Attack(
        "CVE-2025-6515",
        "the id of a session can be guessed",
        "security/test_sessions::cve_2025_6515_session_ids_cannot_be_guessed "
        "server/test_event_stores::an_id_tells_nothing_and_is_hard_to_guess",
    ),
    Attack(
        "CVE-2026-19516",
        "what looks like the id of a session is taken for one",
        "security/test_sessions::cve_2026_19516_the_form_of_an_id_proves_nothing "
        "cluster/test_shared_sessions::an_id_that_no_worker_gave_out_is_unknown",
    ),
    Attack(
        "CVE-2025-53109 CVE-2025-53110",
        "links, and folders whose names begin alike, lead out of a folder",
        "security/test_resources_files::cve_2025_53109_a_skill_does_not_lead_out_of_its_folder "
        "...::cve_2025_53110_a_directory_lists_nothing_behind_its_links",
    ),
    Attack(
        "CVE-2025-68144",
        "an argument is an option of a program",
        "security/test_stdio_cli::cve_2025_68144_no_argument_of_a_call_reaches_a_program",
    ),
    Attack(
        "CVE-2026-30623",
        "a configuration starts programs, which is what it is for: nothing else may",
        "client/test_config::a_command_line_is_split_as_a_shell_does "
        "security/test_stdio_cli::cve_2025_69872_nothing_is_run_that_was_read",
    ),
]

ADVISORIES = [*FASTMCP, *HARDENING, *PYTHON_SDK, *TYPESCRIPT_SDK, *OTHERS]
