from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnforcementLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ADVISORY: _ClassVar[EnforcementLevel]
    MANDATORY: _ClassVar[EnforcementLevel]
    DISABLED: _ClassVar[EnforcementLevel]
    REMEDIATE: _ClassVar[EnforcementLevel]
ADVISORY: EnforcementLevel
MANDATORY: EnforcementLevel
DISABLED: EnforcementLevel
REMEDIATE: EnforcementLevel

class Empty(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PluginInfo(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: str
    def __init__(self, version: _Optional[str] = ...) -> None: ...

class HandshakeRequest(_message.Message):
    __slots__ = ("engine_address", "root_directory", "program_directory")
    ENGINE_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ROOT_DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    PROGRAM_DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    engine_address: str
    root_directory: str
    program_directory: str
    def __init__(self, engine_address: _Optional[str] = ..., root_directory: _Optional[str] = ..., program_directory: _Optional[str] = ...) -> None: ...

class ConfigureStackRequest(_message.Message):
    __slots__ = ("stack", "project", "organization", "dry_run", "config_secret_keys", "config", "tags")
    class ConfigEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STACK_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    CONFIG_SECRET_KEYS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    stack: str
    project: str
    organization: str
    dry_run: bool
    config_secret_keys: _containers.RepeatedScalarFieldContainer[str]
    config: _containers.ScalarMap[str, str]
    tags: _containers.ScalarMap[str, str]
    def __init__(self, stack: _Optional[str] = ..., project: _Optional[str] = ..., organization: _Optional[str] = ..., dry_run: bool = ..., config_secret_keys: _Optional[_Iterable[str]] = ..., config: _Optional[_Mapping[str, str]] = ..., tags: _Optional[_Mapping[str, str]] = ...) -> None: ...

class PolicyConfig(_message.Message):
    __slots__ = ("enforcement_level", "properties")
    ENFORCEMENT_LEVEL_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    enforcement_level: EnforcementLevel
    properties: bytes
    def __init__(self, enforcement_level: _Optional[_Union[EnforcementLevel, str]] = ..., properties: _Optional[bytes] = ...) -> None: ...

class ConfigureRequest(_message.Message):
    __slots__ = ("policy_config",)
    class PolicyConfigEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: PolicyConfig
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[PolicyConfig, _Mapping]] = ...) -> None: ...
    POLICY_CONFIG_FIELD_NUMBER: _ClassVar[int]
    policy_config: _containers.MessageMap[str, PolicyConfig]
    def __init__(self, policy_config: _Optional[_Mapping[str, PolicyConfig]] = ...) -> None: ...

class ConfigSchema(_message.Message):
    __slots__ = ("properties", "required")
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    properties: bytes
    required: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, properties: _Optional[bytes] = ..., required: _Optional[_Iterable[str]] = ...) -> None: ...

class ComplianceFramework(_message.Message):
    __slots__ = ("name", "version", "reference", "specification")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SPECIFICATION_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    reference: str
    specification: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., reference: _Optional[str] = ..., specification: _Optional[str] = ...) -> None: ...

class PolicyInfo(_message.Message):
    __slots__ = ("name", "display_name", "description", "message", "enforcement_level", "config_schema", "policy_type", "severity", "framework", "tags", "remediation_steps", "url")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ENFORCEMENT_LEVEL_FIELD_NUMBER: _ClassVar[int]
    CONFIG_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    POLICY_TYPE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    FRAMEWORK_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    REMEDIATION_STEPS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    description: str
    message: str
    enforcement_level: EnforcementLevel
    config_schema: ConfigSchema
    policy_type: int
    severity: int
    framework: ComplianceFramework
    tags: _containers.RepeatedScalarFieldContainer[str]
    remediation_steps: str
    url: str
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., description: _Optional[str] = ..., message: _Optional[str] = ..., enforcement_level: _Optional[_Union[EnforcementLevel, str]] = ..., config_schema: _Optional[_Union[ConfigSchema, _Mapping]] = ..., policy_type: _Optional[int] = ..., severity: _Optional[int] = ..., framework: _Optional[_Union[ComplianceFramework, _Mapping]] = ..., tags: _Optional[_Iterable[str]] = ..., remediation_steps: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...

class AnalyzerInfo(_message.Message):
    __slots__ = ("name", "display_name", "policies", "version", "supports_config", "initial_config", "description", "readme", "provider", "tags", "repository")
    class InitialConfigEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: PolicyConfig
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[PolicyConfig, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SUPPORTS_CONFIG_FIELD_NUMBER: _ClassVar[int]
    INITIAL_CONFIG_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    README_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    policies: _containers.RepeatedCompositeFieldContainer[PolicyInfo]
    version: str
    supports_config: bool
    initial_config: _containers.MessageMap[str, PolicyConfig]
    description: str
    readme: str
    provider: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    repository: str
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., policies: _Optional[_Iterable[_Union[PolicyInfo, _Mapping]]] = ..., version: _Optional[str] = ..., supports_config: bool = ..., initial_config: _Optional[_Mapping[str, PolicyConfig]] = ..., description: _Optional[str] = ..., readme: _Optional[str] = ..., provider: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., repository: _Optional[str] = ...) -> None: ...

class CustomTimeouts(_message.Message):
    __slots__ = ("create", "update", "delete", "read")
    CREATE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    READ_FIELD_NUMBER: _ClassVar[int]
    create: float
    update: float
    delete: float
    read: float
    def __init__(self, create: _Optional[float] = ..., update: _Optional[float] = ..., delete: _Optional[float] = ..., read: _Optional[float] = ...) -> None: ...

class ResourceOptions(_message.Message):
    __slots__ = ("protect", "ignore_changes", "delete_before_replace", "delete_before_replace_defined", "additional_secret_outputs", "aliases", "custom_timeouts", "parent")
    PROTECT_FIELD_NUMBER: _ClassVar[int]
    IGNORE_CHANGES_FIELD_NUMBER: _ClassVar[int]
    DELETE_BEFORE_REPLACE_FIELD_NUMBER: _ClassVar[int]
    DELETE_BEFORE_REPLACE_DEFINED_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_SECRET_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_TIMEOUTS_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    protect: bool
    ignore_changes: _containers.RepeatedScalarFieldContainer[str]
    delete_before_replace: bool
    delete_before_replace_defined: bool
    additional_secret_outputs: _containers.RepeatedScalarFieldContainer[str]
    aliases: _containers.RepeatedScalarFieldContainer[str]
    custom_timeouts: CustomTimeouts
    parent: str
    def __init__(self, protect: bool = ..., ignore_changes: _Optional[_Iterable[str]] = ..., delete_before_replace: bool = ..., delete_before_replace_defined: bool = ..., additional_secret_outputs: _Optional[_Iterable[str]] = ..., aliases: _Optional[_Iterable[str]] = ..., custom_timeouts: _Optional[_Union[CustomTimeouts, _Mapping]] = ..., parent: _Optional[str] = ...) -> None: ...

class ProviderResource(_message.Message):
    __slots__ = ("type", "properties", "urn", "name")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    URN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    type: str
    properties: bytes
    urn: str
    name: str
    def __init__(self, type: _Optional[str] = ..., properties: _Optional[bytes] = ..., urn: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class PropertyDependencies(_message.Message):
    __slots__ = ("urns",)
    URNS_FIELD_NUMBER: _ClassVar[int]
    urns: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, urns: _Optional[_Iterable[str]] = ...) -> None: ...

class Resource(_message.Message):
    __slots__ = ("type", "properties", "urn", "name", "options", "provider", "parent", "dependencies", "property_dependencies")
    class PropertyDependenciesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: PropertyDependencies
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[PropertyDependencies, _Mapping]] = ...) -> None: ...
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    URN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    DEPENDENCIES_FIELD_NUMBER: _ClassVar[int]
    PROPERTY_DEPENDENCIES_FIELD_NUMBER: _ClassVar[int]
    type: str
    properties: bytes
    urn: str
    name: str
    options: ResourceOptions
    provider: ProviderResource
    parent: str
    dependencies: _containers.RepeatedScalarFieldContainer[str]
    property_dependencies: _containers.MessageMap[str, PropertyDependencies]
    def __init__(self, type: _Optional[str] = ..., properties: _Optional[bytes] = ..., urn: _Optional[str] = ..., name: _Optional[str] = ..., options: _Optional[_Union[ResourceOptions, _Mapping]] = ..., provider: _Optional[_Union[ProviderResource, _Mapping]] = ..., parent: _Optional[str] = ..., dependencies: _Optional[_Iterable[str]] = ..., property_dependencies: _Optional[_Mapping[str, PropertyDependencies]] = ...) -> None: ...

class AnalyzeStackRequest(_message.Message):
    __slots__ = ("resources",)
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[Resource]
    def __init__(self, resources: _Optional[_Iterable[_Union[Resource, _Mapping]]] = ...) -> None: ...

class Diagnostic(_message.Message):
    __slots__ = ("policy_name", "pack_name", "pack_version", "description", "message", "enforcement_level", "urn", "severity")
    POLICY_NAME_FIELD_NUMBER: _ClassVar[int]
    PACK_NAME_FIELD_NUMBER: _ClassVar[int]
    PACK_VERSION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ENFORCEMENT_LEVEL_FIELD_NUMBER: _ClassVar[int]
    URN_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    policy_name: str
    pack_name: str
    pack_version: str
    description: str
    message: str
    enforcement_level: EnforcementLevel
    urn: str
    severity: int
    def __init__(self, policy_name: _Optional[str] = ..., pack_name: _Optional[str] = ..., pack_version: _Optional[str] = ..., description: _Optional[str] = ..., message: _Optional[str] = ..., enforcement_level: _Optional[_Union[EnforcementLevel, str]] = ..., urn: _Optional[str] = ..., severity: _Optional[int] = ...) -> None: ...

class NotApplicable(_message.Message):
    __slots__ = ("policy_name", "reason")
    POLICY_NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    policy_name: str
    reason: str
    def __init__(self, policy_name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class AnalyzeResponse(_message.Message):
    __slots__ = ("diagnostics", "not_applicable")
    DIAGNOSTICS_FIELD_NUMBER: _ClassVar[int]
    NOT_APPLICABLE_FIELD_NUMBER: _ClassVar[int]
    diagnostics: _containers.RepeatedCompositeFieldContainer[Diagnostic]
    not_applicable: _containers.RepeatedCompositeFieldContainer[NotApplicable]
    def __init__(self, diagnostics: _Optional[_Iterable[_Union[Diagnostic, _Mapping]]] = ..., not_applicable: _Optional[_Iterable[_Union[NotApplicable, _Mapping]]] = ...) -> None: ...

class Remediation(_message.Message):
    __slots__ = ("policy_name", "pack_name", "pack_version", "description", "properties", "diagnostic")
    POLICY_NAME_FIELD_NUMBER: _ClassVar[int]
    PACK_NAME_FIELD_NUMBER: _ClassVar[int]
    PACK_VERSION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSTIC_FIELD_NUMBER: _ClassVar[int]
    policy_name: str
    pack_name: str
    pack_version: str
    description: str
    properties: bytes
    diagnostic: str
    def __init__(self, policy_name: _Optional[str] = ..., pack_name: _Optional[str] = ..., pack_version: _Optional[str] = ..., description: _Optional[str] = ..., properties: _Optional[bytes] = ..., diagnostic: _Optional[str] = ...) -> None: ...

class RemediateResponse(_message.Message):
    __slots__ = ("remediations", "not_applicable")
    REMEDIATIONS_FIELD_NUMBER: _ClassVar[int]
    NOT_APPLICABLE_FIELD_NUMBER: _ClassVar[int]
    remediations: _containers.RepeatedCompositeFieldContainer[Remediation]
    not_applicable: _containers.RepeatedCompositeFieldContainer[NotApplicable]
    def __init__(self, remediations: _Optional[_Iterable[_Union[Remediation, _Mapping]]] = ..., not_applicable: _Optional[_Iterable[_Union[NotApplicable, _Mapping]]] = ...) -> None: ...
