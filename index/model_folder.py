"""The JSON files of a sentence-transformers folder around the bundled weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# The official character table is NFKC but for these (checked by a test on all its rows).
_CONTROL = "[\x01-\x08\x0b\x0e-\x1f\x7f\u008f\u009f]"
_BLANK = "[\t\n\x0c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"


@dataclass(frozen=True, slots=True)
class Image:
    """The parsed weights file: sizes, vocabulary, character table and where tensors lie."""

    data: memoryview
    sizes: dict[str, int]
    epsilon: float
    vocabulary: tuple[tuple[str, float], ...]
    characters: dict[str, str]
    tensors: dict[str, tuple[int, int]]


def tokenizer_json(image: Image) -> dict[str, Any]:
    """Return the XLM-R unigram tokenizer in the format of the ``tokenizers`` library."""
    sizes = image.sizes
    special = {
        sizes["bos"]: "<s>",
        sizes["pad"]: "<pad>",
        sizes["eos"]: "</s>",
        sizes["unk"]: "<unk>",
    }
    special |= {i: piece for i, (piece, _) in enumerate(image.vocabulary) if piece == "<mask>"}
    flags = {"single_word": False, "rstrip": False, "normalized": False, "special": True}
    metaspace = {
        "type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True,
    }  # fmt: skip

    def token(text: str) -> dict[str, Any]:
        return {"SpecialToken": {"id": text, "type_id": 0}}

    def replace(pattern: str, by: str) -> dict[str, Any]:
        return {"type": "Replace", "pattern": {"Regex": pattern}, "content": by}

    def sequence(name: str) -> dict[str, Any]:
        return {"Sequence": {"id": name, "type_id": 0}}

    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": i, "content": text, "lstrip": text == "<mask>", **flags}
            for i, text in sorted(special.items())
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                replace(_CONTROL, ""), replace(_BLANK, " "), {"type": "NFKC"}, replace(" {2,}", " "),
            ],
        },
        "pre_tokenizer": metaspace,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [token("<s>"), sequence("A"), token("</s>")],
            "pair": [
                token("<s>"), sequence("A"), token("</s>"),
                token("</s>"), sequence("B"), token("</s>"),
            ],
            "special_tokens": {
                text: {"id": text, "ids": [sizes[name]], "tokens": [text]}
                for text, name in (("<s>", "bos"), ("</s>", "eos"))
            },
        },
        "decoder": metaspace,
        "model": {
            "type": "Unigram", "unk_id": sizes["unk"], "byte_fallback": False,
            "vocab": [[piece, score] for piece, score in image.vocabulary],
        },
    }  # fmt: skip


def folder_files(image: Image, word_rows: int) -> dict[str, Any]:
    """Return the JSON files of a sentence-transformers folder, by name."""
    sizes = image.sizes
    marks = {
        "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>",
        "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>",
    }  # fmt: skip
    module = "sentence_transformers.models."
    return {
        "tokenizer.json": tokenizer_json(image),
        "config.json": {
            "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu",
            "hidden_size": sizes["hidden"], "num_hidden_layers": sizes["layers"],
            "num_attention_heads": sizes["heads"], "intermediate_size": sizes["feed_forward"],
            "vocab_size": word_rows, "max_position_embeddings": sizes["positions"],
            "type_vocab_size": sizes["types"], "layer_norm_eps": 1e-12,
            "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1,
            "initializer_range": 0.02, "pad_token_id": sizes["pad"], "bos_token_id": sizes["bos"],
            "eos_token_id": sizes["eos"], "position_embedding_type": "absolute", "dtype": "float32",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": sizes["positions"],
            "clean_up_tokenization_spaces": False,
            "model_input_names": ["input_ids", "attention_mask"], **marks,
        },
        "special_tokens_map.json": marks,
        "sentence_bert_config.json": {"max_seq_length": sizes["positions"], "do_lower_case": False},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": module + "Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": module + "Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": module + "Normalize"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": sizes["hidden"], "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "document": "passage: ", "passage": "passage: "},
            "default_prompt_name": None, "similarity_fn_name": "cosine",
        },
    }  # fmt: skip
