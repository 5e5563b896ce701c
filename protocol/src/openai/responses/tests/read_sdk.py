#!/usr/bin/env python3
"""Writes sdk.json: what the official Python SDK says of the Responses API, as far as it is used here.

    pip download --no-deps openai==VERSION && unzip openai-VERSION-*.whl
    ./read_sdk.py VERSION openai > sdk.json

For each type: its fields, with the texts that a field may have (a list) or null for anything else, and
the fields that must be there. The types are read from the source: nothing of the SDK is run.
"""

import ast
import json
import pathlib
import sys

TYPES = {
    "request": ("responses/response_create_params.py", "ResponseCreateParamsBase"),
    "message": ("responses/easy_input_message_param.py", "EasyInputMessageParam"),
    "input_text": ("responses/response_input_text_param.py", "ResponseInputTextParam"),
    "output_text": ("responses/response_output_text_param.py", "ResponseOutputTextParam"),
    "function_call": ("responses/response_function_tool_call_param.py", "ResponseFunctionToolCallParam"),
    "function_call_output": ("responses/response_input_item_param.py", "FunctionCallOutput"),
    "tool": ("responses/function_tool_param.py", "FunctionToolParam"),
    "text": ("responses/response_text_config_param.py", "ResponseTextConfigParam"),
    "format": (
        "responses/response_format_text_json_schema_config_param.py",
        "ResponseFormatTextJSONSchemaConfigParam",
    ),
    "reasoning": ("shared_params/reasoning.py", "Reasoning"),
    "response": ("responses/response.py", "Response"),
    "incomplete_details": ("responses/response.py", "IncompleteDetails"),
    "error": ("responses/response_error.py", "ResponseError"),
    "returned_message": ("responses/response_output_message.py", "ResponseOutputMessage"),
    "returned_text": ("responses/response_output_text.py", "ResponseOutputText"),
    "refusal": ("responses/response_output_refusal.py", "ResponseOutputRefusal"),
    "returned_call": ("responses/response_function_tool_call.py", "ResponseFunctionToolCall"),
    "returned_reasoning": ("responses/response_reasoning_item.py", "ResponseReasoningItem"),
    "usage": ("responses/response_usage.py", "ResponseUsage"),
    "input_tokens_details": ("responses/response_usage.py", "InputTokensDetails"),
    "output_tokens_details": ("responses/response_usage.py", "OutputTokensDetails"),
}
ALIASES = {
    "ResponseStatus": ("responses/response_status.py", "ResponseStatus"),
    "ToolChoiceOptions": ("responses/tool_choice_options.py", "ToolChoiceOptions"),
    "ReasoningEffort": ("shared/reasoning_effort.py", "ReasoningEffort"),
}
# Not a choice of texts alone: texts are one of several forms.
CHOICES_WITH_OTHERS = {"ToolChoice": "ToolChoiceOptions"}


def module(root, path):
    return ast.parse((root / "types" / path).read_text())


def texts(root, node, optional=False):
    """The texts that an annotation allows, or None if it is no choice of texts."""
    if isinstance(node, ast.Name):
        name = CHOICES_WITH_OTHERS.get(node.id, node.id)
        if name not in ALIASES:
            return None
        path, alias = ALIASES[name]
        for statement in module(root, path).body:
            if isinstance(statement, ast.AnnAssign) and statement.target.id == alias:
                return texts(root, statement.value)
        raise SystemExit(f"{alias} is not in {path}")
    if not isinstance(node, ast.Subscript):
        return None
    outer = node.value.id
    if outer in ("Optional", "Required"):
        return texts(root, node.slice)
    if outer == "Literal":
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        values = [item.value for item in items]
        return values if all(isinstance(value, str) for value in values) else None
    return None


def read(root, path, name):
    tree = module(root, path)
    found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    if not found:
        raise SystemExit(f"{name} is not in {path}")
    params = not any(getattr(base, "id", "") == "BaseModel" for base in found[0].bases)
    fields, required = {}, []
    for field in found[0].body:
        if not isinstance(field, ast.AnnAssign):
            continue
        key = field.target.id.rstrip("_")
        fields[key] = texts(root, field.annotation)
        outer = getattr(getattr(field.annotation, "value", None), "id", None)
        if outer == "Required" if params else (field.value is None and outer != "Optional"):
            required.append(key)
    return {"fields": fields, "required": required}


def main():
    version, root = sys.argv[1], pathlib.Path(sys.argv[2])
    table = {name: read(root, *place) for name, place in TYPES.items()}
    print(json.dumps({"sdk": f"openai {version}", "types": table}, indent=1))


main()
