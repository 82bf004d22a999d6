"""A real Chromium for each file of tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.fixtures.serving import FLAGS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser."""
    executable = shutil.which("chromium")
    assert executable, "make test が入れる Chromium がありません"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()
