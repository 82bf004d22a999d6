"""The logs: one line of known keys per event, and no words that were given to the program."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest

from service.logs import KEYS, configure_logs, error_fields, log
from service.settings import Settings
from service.store.times import from_utc_text
from service.triage.note import check_note

WORDS = "母84が転んだ"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is written, with the standard library's loggers put back afterwards."""
    stream, root = io.StringIO(), logging.getLogger()
    before, level = list(root.handlers), root.level
    configure_logs(Settings(), stream)
    yield stream
    configure_logs(Settings())
    logging.captureWarnings(False)
    root.handlers[:], root.level = before, level


def _last(stream: io.StringIO) -> dict[str, object]:
    found: dict[str, object] = json.loads(stream.getvalue().splitlines()[-1])
    return found


def test_a_key_that_is_not_listed_is_dropped(lines: io.StringIO) -> None:
    log.info("request", route="/", status=200, note=WORDS, body=WORDS, exc_info="x")
    entry = _last(lines)
    assert set(entry) == {"at", "level", "event", "route", "status"}
    assert set(entry) <= set(KEYS)


@pytest.mark.parametrize(
    "value", [WORDS, "two words", "line\nbreak", "x" * 201, "", ["a"], {"a": 1}, b"x"]
)
def test_a_value_that_could_be_words_becomes_a_question_mark(
    lines: io.StringIO, value: object
) -> None:
    log.info("request", reason=value)
    assert _last(lines)["reason"] == "?"


def test_words_as_the_event_itself_are_not_written_either(lines: io.StringIO) -> None:
    log.warning(WORDS)
    assert _last(lines)["event"] == "?"
    assert WORDS not in lines.getvalue()


def test_an_exception_is_its_type_and_its_place(lines: io.StringIO) -> None:
    try:
        check_note("")
    except ValueError as error:
        log.error("failed", **error_fields(error))
    entry = _last(lines)
    assert entry["error"] == "NoteProblem"
    assert str(entry["where"]).startswith("service.triage.note:")


def test_an_exception_of_a_library_names_our_own_place_that_led_there() -> None:
    with pytest.raises(ValueError, match="isoformat") as caught:
        from_utc_text("noZ")
    assert error_fields(caught.value)["where"].startswith("service.store.times:")
    assert error_fields(ValueError(WORDS)) == {"error": "ValueError", "where": "?"}


def test_what_other_libraries_log_is_cut_down(lines: io.StringIO) -> None:
    try:
        raise KeyError(WORDS)
    except KeyError:
        logging.getLogger("uvicorn.error").exception("failed on %s", WORDS)
    entry = _last(lines)
    assert (entry["event"], entry["logger"], entry["error"]) == (
        "library", "uvicorn.error", "KeyError",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(WORDS, stacklevel=1)
    assert _last(lines)["logger"] == "py.warnings"
    assert WORDS not in lines.getvalue()
    assert "failed on" not in lines.getvalue()


def test_loggers_that_a_server_set_up_before_come_to_us_too() -> None:
    """A handler of its own would print the exception, and with it what was in its message."""
    logger, own, stream = logging.getLogger("uvicorn.error"), io.StringIO(), io.StringIO()
    logger.addHandler(logging.StreamHandler(own))
    logger.propagate = False
    before = list(logging.getLogger().handlers)
    try:
        configure_logs(Settings(), stream)
        logger.error("failed on %s", WORDS)
        assert own.getvalue() == ""
        assert _last(stream)["logger"] == "uvicorn.error"
    finally:
        configure_logs(Settings())
        logging.captureWarnings(False)
        logging.getLogger().handlers[:] = before


def test_the_caretaker_may_name_the_type_of_an_error(lines: io.StringIO) -> None:
    logging.getLogger("service.store.caretaker").warning("put off: %s", "StoreBusy")
    assert _last(lines)["reason"] == "StoreBusy"
    logging.getLogger("service.store.caretaker").warning("put off: %s", WORDS)
    assert _last(lines)["reason"] == "?"


def test_the_level_and_the_form_are_settings() -> None:
    stream = io.StringIO()
    configure_logs(Settings(log_level="error", log_format="text"), stream)
    log.info("request")
    log.error("failed", reason="code")
    configure_logs(Settings())
    logging.captureWarnings(False)
    assert stream.getvalue().count("\n") == 1
    assert "event='failed'" in stream.getvalue()
