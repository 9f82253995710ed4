"""The language of a text, and whether checks were measured on it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent_responsible_ai.languages import NO_LANGUAGE, language_of, measured

TEXTS = {
    "en": "Could you tell me when the next train leaves for the coast?",
    "zh": "请问下一班去海边的火车几点出发？",
    "yue": "唔該，下一班火車幾點開㗎？佢哋話冇晒飛。",
    "ja": "次の電車は何時に出発しますか。",
    "ko": "다음 기차는 언제 출발하나요?",
    "fr": "À quelle heure part le prochain train pour la côte ?",
    "de": "Wann fährt der nächste Zug an die Küste?",
    "es": "¿A qué hora sale el próximo tren para la costa?",
    "pt": "A que horas sai o próximo trem para o litoral?",
    "it": "A che ora parte il prossimo treno per la costa?",
    "nl": "Hoe laat vertrekt de volgende trein naar de kust?",
    "pl": "O której odjeżdża następny pociąg na wybrzeże?",
    "tr": "Sahile giden bir sonraki tren ne zaman kalkıyor?",
    "vi": "Chuyến tàu tiếp theo ra bờ biển khởi hành lúc nào?",
    "id": "Kapan kereta berikutnya ke pantai akan berangkat?",
    "ru": "Когда отправляется следующий поезд?",
    "uk": "Коли вирушає наступний поїзд?",
    "ar": "متى يغادر القطار التالي إلى الساحل؟",
    "fa": "قطار بعدی چه ساعتی حرکت می‌کند؟",
    "hi": "अगली ट्रेन कब जाएगी?",
    "th": "รถไฟขบวนถัดไปออกกี่โมง",
    "te": "తదుపరి రైలు ఎప్పుడు బయలుదేరుతుంది?",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_is_known_by_script_and_words(language: str) -> None:
    assert language_of(TEXTS[language]) == language
    assert measured(TEXTS[language]) is (language in ("en", "zh"))


@pytest.mark.parametrize(
    "text", ["Explain quicksort", "def add(a, b): return a + b", "Paris", "ok", "Zoë's résumé"]
)
def test_short_latin_text_without_other_signs_counts_as_english(text: str) -> None:
    assert measured(text)


@pytest.mark.parametrize("text", ["", "12345", "🎉🎉", "-- ... !!"])
def test_a_text_without_words_has_no_language_and_nothing_to_misjudge(text: str) -> None:
    assert language_of(text) == NO_LANGUAGE
    assert measured(text)


def test_english_with_much_of_another_script_is_not_measured() -> None:
    assert measured("The word привет is Russian for hello, as every student of the language soon learns.")
    assert not measured("They said: когда отправляется следующий поезд, and then they left the station")


def test_other_languages_can_be_named_as_measured() -> None:
    assert measured(TEXTS["de"], ("en", "de"))
    assert not measured(TEXTS["fr"], ("en", "de"))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    assert 2 <= len(language_of(text)) <= 3
    assert isinstance(measured(text), bool)


def test_a_huge_text_costs_no_more_than_its_sample() -> None:
    assert language_of("the word and " * 400_000) == "en"
