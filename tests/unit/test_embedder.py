"""One pass over a note gives its own vector and one for each of its sentences."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from index.bundled_model import prepare
from index.dense import centre
from index.embedder import Embedder, NoteVectors, load_embedder, model_digest
from index.errors import IndexProblem
from index.text import split_sentences
from tests.fixtures.tiny_model import tiny_weights

NOTE = "母84と長男52の二人暮らし。長男は10年家にいる。\n・電気代を2か月ためている\n暴力などはない。"
LONG = (
    "母は最近同じ話をくり返し、鍋を焦がしたことが2回ある。"
    "年金は月8万円で、電気代を2か月ためている。"
    "長男は人と話すのが苦手で、病院には行っていない。"
    "近所の人が回覧板を持っていくと、玄関にごみ袋が積んであった。"
)
LONG = LONG * (3_000 // len(LONG) + 1)


def read(embedder: Embedder, text: str) -> NoteVectors:
    """Encode a note with its sentences."""
    return embedder.encode_note(text, split_sentences(text))


@pytest.fixture(scope="module")
def long_vectors(embedder: Embedder) -> NoteVectors:
    """The long note, read once."""
    return read(embedder, LONG)


def assert_unit(vectors: np.ndarray) -> None:
    """Every row has length one."""
    assert np.linalg.norm(np.atleast_2d(vectors), axis=1) == pytest.approx(1, abs=1e-5)


def test_the_note_vector_is_the_model_s_own(embedder: Embedder) -> None:
    """Reading sentence by sentence changes nothing in the whole."""
    assert read(embedder, NOTE).note == pytest.approx(embedder.encode(NOTE), abs=1e-5)


def test_every_sentence_has_a_unit_vector_of_its_own(embedder: Embedder) -> None:
    """In the order given."""
    vectors = read(embedder, NOTE)
    assert vectors.sentences.shape == (4, embedder.dimensions)
    assert_unit(vectors.sentences)
    assert_unit(vectors.note)
    assert len(np.unique(vectors.sentences.round(4), axis=0)) == 4


def test_every_word_knows_its_sentence(embedder: Embedder) -> None:
    """Unit vectors of the pieces of words, in order, without the prompt and the end marks."""
    vectors = read(embedder, NOTE)
    assert_unit(vectors.words)
    assert len(vectors.words) == len(vectors.word_sentences)
    # -1: the bullet before the third sentence belongs to none.
    assert set(vectors.word_sentences) - {-1} == {0, 1, 2, 3}
    assert (np.diff(vectors.word_sentences[vectors.word_sentences >= 0]) >= 0).all()
    pieces = embedder._model.tokenizer(NOTE, add_special_tokens=False)["input_ids"]
    assert abs(len(vectors.words) - len(pieces)) <= 1


def test_the_words_of_a_long_note_count_their_sentences_through(long_vectors: NoteVectors) -> None:
    """A window does not start its sentences at nought again."""
    numbers = long_vectors.word_sentences
    assert set(numbers[numbers >= 0]) == set(range(len(split_sentences(LONG))))


def test_a_sentence_of_a_note_is_nearest_to_itself_alone(embedder: Embedder) -> None:
    """The pieces are cut at the right tokens, behind emoji and half-width kana too."""
    note = "😀ﾃﾞｲｻｰﾋﾞｽに通う母。電気代が払えない。㈱山田の社長が借金を取り立てる。庭の柿がなった。"
    ranges = split_sentences(note)
    inside = embedder.encode_note(note, ranges).sentences
    alone = np.stack([embedder.encode(note[a:b]) for a, b in ranges])
    # Centred: what all sentences of a note share says nothing about which is which.
    scores = (inside - inside.mean(axis=0)) @ (alone - alone.mean(axis=0)).T
    assert scores.argmax(axis=1).tolist() == list(range(len(ranges)))


def test_a_note_of_3000_characters_is_read_to_its_end(
    embedder: Embedder, long_vectors: NoteVectors
) -> None:
    """Longer than the model's window: read in windows of whole sentences."""
    assert len(LONG) >= 3_000
    assert len(long_vectors.sentences) == len(split_sentences(LONG))
    assert_unit(long_vectors.sentences)
    assert_unit(long_vectors.note)
    changed = read(embedder, LONG + "庭の柿がなった。" * 12)
    assert not np.allclose(changed.note, long_vectors.note, atol=1e-4)


def test_the_same_sentence_is_much_the_same_in_every_window(long_vectors: NoteVectors) -> None:
    """No window loses its place: every copy of a sentence is nearer to the first than others are."""
    ranges = split_sentences(LONG)
    # Centred, as the search does: raw vectors of this model all lie close together.
    vectors = centre(long_vectors.sentences, long_vectors.sentences.mean(axis=0))
    copies = [i for i, (a, b) in enumerate(ranges) if LONG[a:b].startswith("年金は")]
    others = [i for i, (a, b) in enumerate(ranges) if LONG[a:b].startswith("近所の")]
    same = vectors[copies[0]] @ vectors[copies[1:]].T
    assert same.min() > (vectors[copies[0]] @ vectors[others].T).max()


def test_one_sentence_longer_than_the_window_still_has_a_vector(embedder: Embedder) -> None:
    """No punctuation at all, as when speech is typed."""
    vectors = read(embedder, "母は同じ話をして鍋を焦がして" * 200 + "。次の文。")
    assert vectors.sentences.shape[0] == 2
    assert_unit(vectors.sentences)


@pytest.mark.parametrize("text", ["母", "\n", ""])
def test_a_note_without_sentences_has_a_vector_and_no_sentence_vectors(
    embedder: Embedder, text: str
) -> None:
    """An empty list of ranges is no error."""
    vectors = embedder.encode_note(text, ())
    assert vectors.sentences.shape == (0, embedder.dimensions)
    assert_unit(vectors.note)


def test_the_same_text_gives_the_same_bytes(embedder: Embedder) -> None:
    """Same note, same answer."""
    one, two = read(embedder, NOTE), read(embedder, NOTE)
    assert one.note.tobytes() == two.note.tobytes()
    assert one.sentences.tobytes() == two.sentences.tobytes()


def test_passages_come_back_in_the_order_given(embedder: Embedder) -> None:
    """They are sorted by length inside, and the batch is 32."""
    texts = ["電気代が払えない。" * (1 + i % 3) + str(i) for i in range(40)]
    heard: list[int] = []
    vectors = embedder.encode_passages(texts, heard.append)
    assert sum(heard) == len(texts)
    assert_unit(vectors)
    for i in (0, 17, 39):
        assert vectors[i] == pytest.approx(embedder.encode_passages([texts[i]])[0], abs=1e-5)


def test_situations_are_encoded_like_notes(embedder: Embedder) -> None:
    """They get the query prompt, descriptions the passage prompt."""
    text = "電気代が払えない。"
    as_note = embedder.encode_passages([text], as_notes=True)[0]
    assert as_note == pytest.approx(embedder.encode(text), abs=1e-5)
    assert not np.allclose(as_note, embedder.encode_passages([text])[0], atol=1e-3)


def test_no_passages_give_no_vectors(embedder: Embedder) -> None:
    """A town without resources."""
    assert embedder.encode_passages([]).shape == (0, embedder.dimensions)


def test_what_means_the_same_is_nearer_than_what_does_not(embedder: Embedder) -> None:
    """The model is the real one, with its weights in the right places."""
    query = embedder.encode("食べる物がなく、財布に200円しかない。")
    near, far = embedder.encode_passages(
        ["食料を無料で渡すフードパントリー", "成年後見制度の申立て"]
    )
    assert query @ near > query @ far


def test_eight_threads_at_once_get_what_one_gets(tmp_path: Path) -> None:
    """Requests share one model, and its tokenizer cuts some texts and not others."""
    folder = prepare(tmp_path / "tiny", tiny_weights(tmp_path / "tiny.bin"))
    tiny = load_embedder(str(folder), tmp_path)
    # From one to eight windows: the tiny model takes 48 tokens at a time.
    notes = ["母がが母母。" * (1 + 8 * i) for i in range(8)]
    alone = [read(tiny, note) for note in notes]
    start = Barrier(8)

    def ask(note: str) -> list[NoteVectors]:
        start.wait()
        return [read(tiny, note) for _ in range(20)]

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(ask, notes))
    finally:
        sys.setswitchinterval(switch)
    for one, answers in zip(alone, together, strict=True):
        for answer in answers:
            assert answer.note == pytest.approx(one.note, abs=1e-5)
            assert answer.sentences == pytest.approx(one.sentences, abs=1e-5)


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_model_that_cannot_be_loaded_is_told_with_its_setting(tmp_path: Path, name: str) -> None:
    """Offline, a wrong folder is not looked for on the network."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(IndexProblem, match="TSUNAGI_MODEL"):
        load_embedder(str(tmp_path / name), tmp_path)


def test_the_digest_of_a_folder_is_that_of_its_content(tmp_path: Path) -> None:
    """Moved it is the same model, changed or renamed inside it is another."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}", encoding="utf-8")
    one, two = tmp_path / "one", tmp_path / "two"
    before = model_digest(str(one))
    assert model_digest(str(two)) == before
    (two / "config.json").write_text("{ }", encoding="utf-8")
    assert model_digest(str(two)) != before
    (one / "config.json").rename(one / "other.json")
    assert model_digest(str(one)) != before


def test_the_loaded_default_model_and_its_digest_agree(embedder: Embedder) -> None:
    """The digest is told without loading the model."""
    assert embedder.digest == model_digest("default")
