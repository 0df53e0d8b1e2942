"""Requests, replies and programs that `docs/serving.md` and the README show of exports."""

import json
import re

from tests.documents.pages import PAGES

DOCUMENT = PAGES["docs/serving.md"].read_text("utf-8")
_PAIR = r"`POST /v1/models/(\w+):predict`\n\n```json\n(.*?)```\n\n```json\n(.*?)```"
# the name of a model, a request, its reply
PAIRS = re.findall(_PAIR, DOCUMENT + PAGES["README.md"].read_text("utf-8"), re.S)
# a program, and what it prints
PYTHON = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", DOCUMENT, re.S)


def strict(text):
    """JSON without NaN and Infinity."""

    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)
