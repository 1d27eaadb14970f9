"""A draft's fields as lines of a form."""

from __future__ import annotations

from core.settings.forms import FieldInfo
from tui.draft import Draft
from tui.widgets.form import FormLine


def field_line(draft: Draft, info: FieldInfo) -> FormLine:
    """One field with its value, its choices, what is wrong with it, and whether it was changed."""
    flag = ("", "false", "true") if info.optional else ("false", "true")
    choices = info.choices if info.kind in ("choice", "brick") else flag if info.kind == "flag" else ()
    text = draft.text(info)
    help = info.help
    if info.kind == "brick" and text in info.choices:
        help = info.choice_help[info.choices.index(text)] or help
    return FormLine(
        info.label,
        info.path,
        text,
        info.unit,
        help,
        draft.problems.get(info.path, ""),
        draft.changed(info),
        choices,
        1 if _is_option(info, draft.fields) else 0,
        "(empty)" if not info.optional else "auto" if info.stands_for is None else f"auto: {info.stands_for:g}",
    )


def _is_option(info: FieldInfo, fields: list[FieldInfo]) -> bool:
    above = info.path.rpartition(".")[0]
    return any(each.path == above and each.kind == "brick" for each in fields)
