"""The names that packages promise, and those that code written for FastMCP imports."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from processes import run_python

PACKAGES = [
    "fastmcp",
    "fastmcp.apps",
    "fastmcp.client",
    "fastmcp.client.auth",
    "fastmcp.client.sampling.handlers",
    "fastmcp.client.transports",
    "fastmcp.composition",
    "fastmcp.contrib.bulk_tool_caller",
    "fastmcp.contrib.component_manager",
    "fastmcp.contrib.mcp_mixin",
    "fastmcp.dependencies",
    "fastmcp.events",
    "fastmcp.mcp_config",
    "fastmcp.plugins",
    "fastmcp.prompts",
    "fastmcp.proxy",
    "fastmcp.resources",
    "fastmcp.security",
    "fastmcp.server",
    "fastmcp.server.auth",
    "fastmcp.server.backplane",
    "fastmcp.server.dependencies",
    "fastmcp.server.elicitation",
    "fastmcp.server.http",
    "fastmcp.server.middleware",
    "fastmcp.server.providers",
    "fastmcp.server.sampling",
    "fastmcp.server.transforms",
    "fastmcp.testing",
    "fastmcp.tools",
    "fastmcp.tools.tool_transform",
    "fastmcp.utilities.types",
]

SAID_ELSEWHERE = {"AuthCheck", "Elicitation", "NotSet", "NotSetT"}
"""The type of a function, a union of classes, and the names for `...` and its type."""

# Module -> names, as FastMCP's documentation and its users' servers import them.
IMPORTED = {
    "fastmcp": "FastMCP FastMCPApp Context Client __version__ client server",
    "fastmcp.apps": """
        AppConfig FastMCPApp PrefabAppConfig ResourceCSP ResourcePermissions UI_EXTENSION_ID
        UI_MIME_TYPE app_config_to_meta_dict resolve_ui_mime_type
    """,
    "fastmcp.apps.app": "FastMCPApp",
    "fastmcp.apps.approval": "Approval",
    "fastmcp.apps.choice": "Choice",
    "fastmcp.apps.config": """
        AppConfig PrefabAppConfig ResourceCSP ResourcePermissions UI_EXTENSION_ID UI_MIME_TYPE
        app_config_to_meta_dict is_model_visible resolve_ui_mime_type
    """,
    "fastmcp.apps.file_upload": "FileUpload",
    "fastmcp.apps.form": "FormInput",
    "fastmcp.apps.generative": "GenerativeUI",
    "fastmcp.contrib.bulk_tool_caller": "BulkToolCaller",
    "fastmcp.contrib.bulk_tool_caller.bulk_tool_caller": """
        BulkToolCaller CallToolRequest CallToolRequestResult
    """,
    "fastmcp.contrib.component_manager": "set_up_component_manager",
    "fastmcp.contrib.component_manager.component_manager": "set_up_component_manager",
    "fastmcp.contrib.mcp_mixin": "MCPMixin mcp_prompt mcp_resource mcp_tool",
    "fastmcp.contrib.mcp_mixin.mcp_mixin": "MCPMixin mcp_prompt mcp_resource mcp_tool",
    "fastmcp.client": """
        AsyncMCPClient MCPClient MultiServerClient ServerFailure BearerAuth Client
        ClientTransport FastMCPTransport NodeStdioTransport NpxStdioTransport
        PythonStdioTransport SSETransport StdioTransport StreamableHttpTransport
        UvStdioTransport UvxStdioTransport OAuth
    """,
    "fastmcp.client.auth": """
        BearerAuth ClientCredentialsOAuthProvider OAuth PrivateKeyJWTOAuthProvider
        SignedJWTParameters
    """,
    "fastmcp.client.auth.client_credentials": """
        ClientCredentialsOAuthProvider PrivateKeyJWTOAuthProvider SignedJWTParameters
    """,
    "fastmcp.client.auth.oauth": "OAuth",
    "fastmcp.client.oauth_callback": "OAuthCallbackResult create_oauth_callback_server",
    "fastmcp.security": "require_auth require_roles require_scopes validate_token",
    "fastmcp.utilities.auth": "decode_jwt_header decode_jwt_payload parse_scopes",
    "fastmcp.server.auth": """
        AccessToken AuthCheck AuthContext AuthProvider DebugTokenVerifier IdentityAssertion
        JWTVerifier MultiAuth OAuthProvider OAuthProxy OIDCProxy RemoteAuthProvider
        StaticTokenVerifier TokenVerifier require_roles require_scopes restrict_tag run_auth_checks
    """,
    "fastmcp.server.auth.auth": """
        AccessToken AuthProvider AuthorizationCode AuthorizationParams ClientRegistrationOptions
        MultiAuth OAuthClientInformationFull OAuthProvider OAuthToken RefreshToken
        RemoteAuthProvider RevocationOptions TokenHandler TokenVerifier
    """,
    "fastmcp.server.auth.authorization": """
        AuthCheck AuthContext require_scopes restrict_tag run_auth_checks
    """,
    "fastmcp.server.auth.cimd": """
        CIMDAssertionValidator CIMDClientManager CIMDDocument CIMDFetchError CIMDFetcher
        CIMDValidationError
    """,
    "fastmcp.server.auth.handlers.authorize": "AuthorizationHandler",
    "fastmcp.server.auth.identity_assertion": "IdentityAssertion",
    "fastmcp.server.auth.jwt_issuer": "JWTIssuer derive_jwt_key",
    "fastmcp.server.auth.middleware": "RequireAuthMiddleware",
    "fastmcp.server.auth.oauth_proxy": "OAuthProxy",
    "fastmcp.server.auth.oidc_proxy": "OIDCConfiguration OIDCProxy",
    "fastmcp.server.auth.providers.auth0": "Auth0MCPProvider Auth0Provider",
    "fastmcp.server.auth.providers.aws": "AWSCognitoProvider AWSCognitoTokenVerifier",
    "fastmcp.server.auth.providers.azure": "AzureJWTVerifier AzureProvider EntraOBOToken",
    "fastmcp.server.auth.providers.clerk": "ClerkProvider ClerkTokenVerifier",
    "fastmcp.server.auth.providers.debug": "DebugTokenVerifier",
    "fastmcp.server.auth.providers.descope": "DescopeProvider",
    "fastmcp.server.auth.providers.discord": "DiscordProvider DiscordTokenVerifier",
    "fastmcp.server.auth.providers.github": "GitHubProvider GitHubTokenVerifier",
    "fastmcp.server.auth.providers.google": "GoogleProvider GoogleTokenVerifier",
    "fastmcp.server.auth.providers.huggingface": """
        HuggingFaceProvider HuggingFaceTokenVerifier
    """,
    "fastmcp.server.auth.providers.in_memory": "InMemoryOAuthProvider",
    "fastmcp.server.auth.providers.introspection": "IntrospectionTokenVerifier",
    "fastmcp.server.auth.providers.jwt": "JWTVerifier RSAKeyPair StaticTokenVerifier",
    "fastmcp.server.auth.providers.keycloak": "KeycloakAuthProvider",
    "fastmcp.server.auth.providers.oci": "OCIProvider",
    "fastmcp.server.auth.providers.propelauth": "PropelAuthProvider",
    "fastmcp.server.auth.providers.scalekit": "ScalekitProvider",
    "fastmcp.server.auth.providers.supabase": "SupabaseProvider",
    "fastmcp.server.auth.providers.workos": "AuthKitProvider WorkOSProvider WorkOSTokenVerifier",
    "fastmcp.server.auth.redirect_validation": "matches_allowed_pattern validate_redirect_uri",
    "fastmcp.server.auth.ssrf": "SSRFError SSRFFetchError ssrf_safe_fetch",
    "fastmcp.client.caching": """
        CacheConfig CacheEntry CacheKey CacheMode InMemoryResponseCacheStore
        KeyValueResponseCacheStore ResponseCacheStore
    """,
    "fastmcp.client.group": "ClientGroup ToolRoute",
    "fastmcp.utilities.json_schema_type": """
        JSONSchema json_schema_to_type json_schema_to_type_adapter
    """,
    "fastmcp.client.auth.bearer": "BearerAuth",
    "fastmcp.server.middleware": """
        AuthMiddleware CallNext Middleware MiddlewareContext PingMiddleware
    """,
    "fastmcp.server.middleware.audit": "AuditMiddleware",
    "fastmcp.server.middleware.authorization": "AuthMiddleware",
    "fastmcp.server.middleware.caching": """
        CallToolSettings ListToolsSettings ReadResourceSettings ResponseCachingMiddleware
    """,
    "fastmcp.server.middleware.dereference": "DereferenceRefsMiddleware",
    "fastmcp.server.middleware.error_handling": "ErrorHandlingMiddleware RetryMiddleware",
    "fastmcp.server.limits": "LimitError Limits ToolLimits",
    "fastmcp.server.middleware.circuit_breaker": "CircuitBreakerMiddleware CircuitOpenError",
    "fastmcp.server.middleware.concurrency": "ConcurrencyLimitError ConcurrencyLimitMiddleware",
    "fastmcp.server.middleware.idempotency": "IdempotencyError IdempotencyMiddleware",
    "fastmcp.server.middleware.message_limits": "ArgumentDepthMiddleware ResultSizeMiddleware",
    "fastmcp.server.middleware.rate_limiting": """
        RateLimitError RateLimitingMiddleware SlidingWindowRateLimiter
        SlidingWindowRateLimitingMiddleware TokenBucketRateLimiter
    """,
    "fastmcp.server.middleware.rate_stores": "Bucket RateStore RedisRateStore Window",
    "fastmcp.server.middleware.timeouts": "RequestTimeoutError TimeoutMiddleware",
    "fastmcp.server.middleware.logging": """
        BaseLoggingMiddleware LoggingMiddleware StructuredLoggingMiddleware default_serializer
    """,
    "fastmcp.server.middleware.middleware": "CallNext Middleware MiddlewareContext",
    "fastmcp.server.middleware.ping": "PingMiddleware",
    "fastmcp.server.middleware.redaction": "MASK SECRET_KEYS SECRET_TEXTS Redactor",
    "fastmcp.server.middleware.response_limiting": "ResponseLimitingMiddleware",
    "fastmcp.server.middleware.timing": "DetailedTimingMiddleware TimingMiddleware",
    "fastmcp.server.middleware.tool_injection": """
        PromptToolMiddleware ResourceToolMiddleware ToolInjectionMiddleware
    """,
    "fastmcp.client.elicitation": """
        ElicitRequestParams ElicitResult ElicitationHandler RequestContext
    """,
    "fastmcp.client.logging": "LogHandler LogMessage default_log_handler",
    "fastmcp.client.messages": "Message MessageHandler MessageHandlerT",
    "fastmcp.client.progress": "ProgressHandler default_progress_handler",
    "fastmcp.client.roots": "RequestContext RootsHandler RootsList",
    "fastmcp.client.sampling": """
        RequestContext SamplingHandler SamplingHandlerResult SamplingMessage SamplingParams
    """,
    "fastmcp.client.sampling.handlers.anthropic": "AnthropicSamplingHandler",
    "fastmcp.client.sampling.handlers.google_genai": "GoogleGenaiSamplingHandler",
    "fastmcp.client.sampling.handlers.openai": "OpenAISamplingHandler",
    "fastmcp.client.transports": """
        ClientTransport FastMCPStdioTransport FastMCPTransport NodeStdioTransport NpxStdioTransport
        PythonStdioTransport SSETransport StdioTransport StreamableHttpTransport UvStdioTransport
        UvxStdioTransport infer_transport
    """,
    "fastmcp.composition": "ServerComposer",
    "fastmcp.events": "Event EventBus Subscription",
    "fastmcp.plugins": "MCPPlugin PluginHost PluginManager",
    "fastmcp.proxy": "Backend HealthPolicy ServerProxy Strategy",
    "fastmcp.dependencies": """
        CallArgument CurrentAccessToken CurrentContext CurrentDocket CurrentFastMCP
        CurrentHeaders CurrentRequest CurrentWorker CycleError Dependency Depends Progress
        ProgressLike Shared TokenClaim
    """,
    "fastmcp.exceptions": """
        AuthorizationError ClientError DisabledError FastMCPDeprecationWarning FastMCPError
        InputRefused InputUnavailable InsufficientScopeError InvalidAnswer InvalidSignature McpError
        NotFoundError PromptError ResourceError
        ResourceSecurityError ToolError ValidationError
    """,
    "fastmcp.mcp_config": """
        CanonicalMCPConfig MCPConfig RemoteMCPServer StdioMCPServer TransformingRemoteMCPServer
        TransformingStdioMCPServer infer_transport_type_from_url update_config_file
    """,
    "fastmcp.prompts": """
        FunctionPrompt Message Prompt PromptArgument PromptMessage PromptResult prompt
    """,
    "fastmcp.prompts.base": "Message Prompt PromptResult",
    "fastmcp.prompts.function_prompt": "FunctionPrompt prompt",
    "fastmcp.prompts.prompt": """
        FunctionPrompt Message Prompt PromptArgument PromptMessage PromptResult TextContent
    """,
    "fastmcp.resources": """
        BinaryResource DirectoryResource FileResource FunctionResource HttpResource Resource
        ResourceContent ResourceResult ResourceSecurity ResourceTemplate TextResource resource
    """,
    "fastmcp.resources.resource": "FunctionResource Resource ResourceContent ResourceResult",
    "fastmcp.server": "FastMCP Context RequestStateSecurity create_proxy",
    "fastmcp.server.background": "BackgroundTask BackgroundTasks",
    "fastmcp.server.backplane": """
        Backplane EncryptedBackplane MemoryBackplane RedisBackplane SQLiteBackplane backplane_of
    """,
    "fastmcp.server.context": "Context set_context",
    "fastmcp.server.dependencies": """
        AccessToken CurrentAccessToken TokenClaim get_access_token get_context
        get_http_headers get_http_request get_server get_session
    """,
    "fastmcp.server.elicitation": """
        AcceptedElicitation CancelledElicitation DeclinedElicitation ElicitConfig
        ScalarElicitationType get_elicitation_schema handle_elicit_accept
        parse_elicit_response_type validate_elicitation_json_schema
    """,
    "fastmcp.server.http": """
        RequestContextMiddleware StarletteWithLifespan StreamableHTTPASGIApp create_base_app
        create_sse_app create_streamable_http_app set_http_request
    """,
    "fastmcp.server.event_store": "BackplaneEventStore EventStore",
    "fastmcp.server.lifespan": """
        ComposedLifespan ContextManagerLifespan Lifespan lifespan
    """,
    "fastmcp.server.openapi": "FastMCPOpenAPI MCPType RouteMap",
    "fastmcp.server.providers": """
        AggregateProvider ClaudeSkillsProvider FastMCPProvider FileSystemProvider LocalProvider
        OpenAPIProvider Provider ProxyProvider SkillProvider SkillsDirectoryProvider SkillsProvider
    """,
    "fastmcp.server.providers.base": "Provider",
    "fastmcp.server.providers.filesystem": "FileSystemProvider",
    "fastmcp.server.providers.local_provider": "LocalProvider",
    "fastmcp.server.providers.openapi": """
        MCPType OpenAPIProvider OpenAPIResource OpenAPIResourceTemplate OpenAPITool RouteMap
    """,
    "fastmcp.server.providers.proxy": """
        FastMCPProxy ProxyClient ProxyMetadataMiddleware ProxyProvider create_proxy
    """,
    "fastmcp.server.providers.skills": """
        ClaudeSkillsProvider CodexSkillsProvider CopilotSkillsProvider CursorSkillsProvider
        GeminiSkillsProvider GooseSkillsProvider OpenCodeSkillsProvider SkillProvider
        SkillsDirectoryProvider SkillsProvider VSCodeSkillsProvider
    """,
    "fastmcp.server.proxy": "FastMCPProxy ProxyClient StatefulProxyClient create_proxy",
    "fastmcp.server.sampling": "SampleStep SamplingResult SamplingTool",
    "fastmcp.server.sampling.run": "SampleStep SamplingResult",
    "fastmcp.server.sampling.sampling_tool": "SamplingTool",
    "fastmcp.server.sessions": """
        CurrentSession InvalidSession OptionalCurrentSession SESSION_ID_DESCRIPTION Session
        SessionAuthError SessionId SessionProvider UserSession current_principal
    """,
    "fastmcp.server.state": "MemoryStateStore StateStore",
    "fastmcp.server.transforms": """
        GetToolNext Namespace PromptsAsTools ResourcesAsTools ToolTransform Transform
        VersionFilter VersionSpec Visibility
    """,
    "fastmcp.server.transforms.catalog": "CatalogTransform",
    "fastmcp.server.transforms.namespace": "Namespace",
    "fastmcp.server.transforms.search": "BM25SearchTransform RegexSearchTransform",
    "fastmcp.server.transforms.search.base": "BaseSearchTransform",
    "fastmcp.experimental.transforms.code_mode": """
        CodeMode GetSchemas GetTags GetToolCatalog ListTools MontySandboxProvider
        SandboxProvider Search
    """,
    "fastmcp.skills": """
        GetSkillResult ListSkillsResult Skill SkillFrontmatter SkillResource SkillsClientExtension
    """,
    "fastmcp.tools": "FunctionTool Tool ToolResult forward forward_raw tool",
    "fastmcp.tools.base": "Tool ToolResult",
    "fastmcp.tools.function_tool": "FunctionTool tool",
    "fastmcp.tools.tool": "FunctionTool TextContent Tool ToolAnnotations ToolResult",
    "fastmcp.tools.tool_transform": """
        ArgTransform ArgTransformConfig ToolTransformConfig TransformedTool
        apply_transformations_to_tools forward forward_raw
    """,
    "fastmcp.settings": "Settings settings",
    "fastmcp.transports": "HttpTransport StdioTransport",
    "fastmcp.types": """
        Annotations AudioContent BlobResourceContents CallToolResult ContentBlock EmbeddedResource
        ErrorData INTERNAL_ERROR INVALID_PARAMS Icon ImageContent METHOD_NOT_FOUND Prompt
        PromptMessage Resource ResourceLink TextContent TextResourceContents Textarea Tool
        ToolAnnotations
    """,
    "fastmcp.utilities.asgi_transport": "StreamingASGITransport run_asgi_lifespan",
    "fastmcp.utilities.components": "FastMCPComponent FastMCPMeta get_fastmcp_metadata",
    "fastmcp.utilities.http": "find_available_port",
    "fastmcp.utilities.lifespan": "combine_lifespans",
    "fastmcp.utilities.logging": "configure_logging get_logger temporary_log_level",
    "fastmcp.utilities.tests": """
        ASGIServer asgi_client asgi_server run_server_async run_server_in_process temporary_settings
    """,
    "fastmcp.utilities.types": """
        Audio FastMCPBaseModel File Image NotSet NotSetT create_function_without_params
        find_kwarg_by_type get_cached_typeadapter get_fn_name is_class_member_of_type
        issubclass_safe replace_type
    """,
    "fastmcp.utilities.skills": "download_skill get_skill_manifest list_skills sync_skills",
    "fastmcp.experimental.server.openapi": "FastMCPOpenAPI MCPType RouteMap",
    "fastmcp.utilities.openapi": "HTTPRoute",
    "fastmcp.server.tasks": "TaskConfig",
    "fastmcp.telemetry": "get_tracer suppress_fastmcp_telemetry",
    "fastmcp.utilities.tasks": "TaskConfig",
    "fastmcp.utilities.versions": "VersionSpec",
}


NOT_HERE = {
    "fastmcp.cli.cli": "app",
    "fastmcp.server.context": "request_ctx",
    "fastmcp.server.extensions": "MethodBinding ServerExtension",
    "fastmcp.tools": "InputRequiredToolResult",
    "fastmcp_tasks": "TasksExtension call_tool_task",
    "fastmcp_tasks.dependencies": "CurrentDocket CurrentWorker",
}
"""What FastMCP's documentation imports besides; `docs/rough-edges.md` says why it is not here."""


@pytest.mark.parametrize("package", PACKAGES)
def test_every_promised_name_is_there_and_has_a_docstring(package: str) -> None:
    """What stands in `__all__` can be imported, and says what it is."""
    module = importlib.import_module(package)

    for name in module.__all__:
        promised = getattr(module, name)
        assert promised.__doc__ or name in SAID_ELSEWHERE, name


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_that_is_not_there_is_an_attribute_error_naming_the_package(package: str) -> None:
    """A typing mistake is told with the package it was made in."""
    with pytest.raises(AttributeError, match=package):
        importlib.import_module(package).no_such_name  # noqa: B018


@pytest.mark.parametrize("module", IMPORTED)
def test_what_users_import_can_be_imported(module: str) -> None:
    """Under the path and the name that their code has."""
    names = IMPORTED[module].split()

    assert [name for name in names if not hasattr(importlib.import_module(module), name)] == []


@pytest.mark.parametrize("module", NOT_HERE)
def test_what_users_miss_is_said(module: str) -> None:
    """A name that cannot be imported is among the rough edges, and none that can be."""
    said = (Path(__file__).parents[1] / "docs" / "rough-edges.md").read_text()

    for name in NOT_HERE[module].split():
        with pytest.raises(ImportError):
            exec(f"from {module} import {name}")
        assert f"`{module}.{name}`" in said or f"`{name}`" in said


@pytest.mark.parametrize(
    ("package", "name", "kind"),
    [
        ("fastmcp.tools", "tool", "Tool"),
        ("fastmcp.prompts", "prompt", "Prompt"),
        ("fastmcp.resources", "resource", "Resource"),
    ],
)
def test_a_decorator_and_a_module_share_a_name(package: str, name: str, kind: str) -> None:
    """Whichever is imported first, the attribute is the decorator and the path is the module."""
    module = f"from {package}.{name} import {kind}"
    decorator = f"from {package} import {name}; assert callable({name}) and {name}.__doc__"

    for program in (f"{module}; {decorator}", f"{decorator}; {module}; {decorator}"):
        run = run_python("-c", f"{program}; import {package}; assert {package}.{name} is {name}")
        assert run.returncode == 0, run.stderr
    with pytest.raises(ImportError, match="no_such_name"):
        exec(f"from {package}.{name} import no_such_name")


def test_the_modules_that_share_a_name_load_nothing() -> None:
    """They look their names up when they are asked for them."""
    program = (
        "import sys, fastmcp.tools, fastmcp.prompts, fastmcp.resources;"
        "print(*(name for name in sys.modules if name.startswith('fastmcp.')"
        " and name.rpartition('.')[2] in ('base', 'function_tool', 'wire')))"
    )

    assert run_python("-c", program).stdout.split() == []


def test_the_names_of_the_protocol_are_those_of_its_vocabulary() -> None:
    """`fastmcp.types` has all that `fastmcp.wire` has, and the same objects."""
    types, wire = importlib.import_module("fastmcp.types"), importlib.import_module("fastmcp.wire")

    assert set(wire.__all__) <= set(dir(types))
    assert all(getattr(types, name) is getattr(wire, name) for name in wire.__all__)


def test_a_type_checker_knows_which_names_there_are(tmp_path: Path) -> None:
    """A name that a package lacks is an error before the program runs; those it has are none."""
    program = tmp_path / "program.py"
    program.write_text(
        "import fastmcp\nfrom fastmcp import FastMCP, Nobody\n"
        "from fastmcp.tools import Tool, Nothing\n"
        "print(FastMCP, Nobody, Tool, Nothing)\n"
        "print(fastmcp.client.Client, fastmcp.client.Nowhere, fastmcp.settings.log_level)\n"
    )
    pyright = Path(sys.executable).with_name("pyright")
    command = [pyright, "--outputjson", "--pythonpath", sys.executable, program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    found = json.loads(done.stdout)["generalDiagnostics"]
    missing = [each["message"] for each in found if each["rule"] == "reportAttributeAccessIssue"]
    assert [message.split('"')[1] for message in missing] == ["Nobody", "Nothing", "Nowhere"]
