"""What a tool or resource says of its user interface, under the path that users import."""

from fastmcp._components.app_config import PREFAB_URI as PREFAB_URI
from fastmcp._components.app_config import UI_EXTENSION_ID as UI_EXTENSION_ID
from fastmcp._components.app_config import UI_MIME_TYPE as UI_MIME_TYPE
from fastmcp._components.app_config import AppConfig as AppConfig
from fastmcp._components.app_config import PrefabAppConfig as PrefabAppConfig
from fastmcp._components.app_config import ResourceCSP as ResourceCSP
from fastmcp._components.app_config import ResourcePermissions as ResourcePermissions
from fastmcp._components.app_config import app_config_to_meta_dict as app_config_to_meta_dict
from fastmcp._components.app_config import is_model_visible as is_model_visible
from fastmcp._components.app_config import resolve_ui_mime_type as resolve_ui_mime_type
