"""Text that is not UTF-8: which encoding makes words of it, what is asked, and lines in another encoding than the rest."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ptanalytics as pta
from ptanalytics.errors import AmbiguousEncodingError, LayoutError
from ptanalytics.loading.readers.encodings import TextEncoding, detect_encoding, reads_otherwise

#: A few short notes in a language, and encodings that they are exported in. The oracle is the text before it was encoded.
NOTES = {
    "english": ("don’t feel pain\nit’s better", "cp1252 mac_roman"),
    "german": ("Rückenübung gemacht, schöner Tag\nMüde, Füße schwer", "cp1252 mac_roman iso8859-1 cp1250"),
    "german capitals": ("ÜBUNG\nMüller", "cp1252 mac_roman"),
    "french": ("douleur après l'exercice, très fatiguée\nça va mieux grâce à la marche", "cp1252 mac_roman iso8859-15"),
    "french with ligatures": ("œdème au cœur\nÉtude d’été", "cp1252 mac_roman"),
    "one french note": ("très bien", "cp1252 mac_roman"),
    "spanish": ("mañana sin dolor\nespalda rígida al despertar", "cp1252 mac_roman"),
    "italian": ("più dolore la sera\nnon è andata bene, perché ero stanco", "cp1252 mac_roman"),
    "portuguese": ("sessão não concluída\ndor nas costas à noite, exercícios difíceis", "cp1252"),
    "swedish": ("ont i ryggen på kvällen\növningen gick bra, något trött", "cp1252 mac_roman"),
    "danish": ("øvelser gjort, ondt i ryggen\ntræt, gik på arbejde", "cp1252 mac_roman"),
    "polish": ("ból pleców, ćwiczenia wykonane\nzmęczenie, nie mogłem spać", "cp1250 iso8859-2"),
    "one polish note": ("zmęczenie", "cp1250"),
    "czech": ("bolest zad, cvičení hotovo\nunavený, špatně jsem spal\nlepší než včera", "cp1250 iso8859-2"),
    "hungarian": ("hátfájás, gyakorlat kész\nfáradt, erős fájdalom", "cp1250 iso8859-2"),
    "russian": ("боль в спине, упражнения выполнены\nустал, плохо спал", "cp1251 koi8-r iso8859-5"),
    "one russian word": ("боль", "cp1251 koi8-r"),
    "greek": ("πόνος στην πλάτη, ασκήσεις έγιναν\nκουρασμένος", "cp1253 iso8859-7"),
    "turkish": ("bel ağrısı, egzersiz yapıldı\nyorgun, kötü uyudum\nşikayet yok", "cp1254 iso8859-9"),
    "lithuanian": ("nugaros skausmas\npavargęs, šiandien geriau\nmažiau skausmo, jėgų daugiau", "cp1257 iso8859-13"),
    "latvian": ("muguras sāpes, vingrojumi izpildīti\nšodien labāk", "cp1257"),
    "chinese": ("腰痛，完成练习\n疲劳，睡眠不好", "gb18030 gbk"),
    "traditional chinese": ("腰痛，完成練習\n今天比昨天好", "big5"),
    "japanese": ("腰が痛い、運動しました\n疲れた、よく眠れなかった", "shift_jis euc_jp"),
    "japanese without kana": ("腰痛体操", "shift_jis euc_jp"),
    "korean": ("허리 통증, 운동 완료\n피곤하다", "euc_kr"),
}
CASES = [(language, encoding) for language, (_, encodings) in NOTES.items() for encoding in encodings.split()]
HEAD = "Patient,Date,NRS,Site\n"


def written(tmp_path, text, encoding):
    path = tmp_path / "pain.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(("language", "encoding"), CASES)
def test_the_text_comes_out_as_it_was_written(tmp_path, language, encoding):
    rows = [f'A,2026-01-{day:02d},3,"{note}"' for day, note in enumerate(NOTES[language][0].split("\n"), start=1)]
    text = HEAD + "\n".join(rows) + "\nB,2026-02-01,4,plain\n"
    found = detect_encoding(written(tmp_path, text, encoding))
    assert found.rivals == ()
    assert text.encode(encoding).decode(found.name) == text


def test_the_rows_are_counted_exactly_and_the_receipt_names_the_encoding(tmp_path):
    path = written(tmp_path, HEAD + "A,2026-01-05,3,dół pleców\nB,2026-01-06,four,łopatka\n\n", "cp1250")
    loaded = pta.load_exports(path, timezone="Europe/Warsaw")
    entry = loaded.receipt.files[0]
    assert loaded.tables["pain_scores"]["site"].tolist() == ["dół pleców"]
    assert (entry.rows_read, entry.rows_used, entry.rows_set_aside, entry.rows_ignored) == (4, 1, 1, 2)
    assert "The file is not UTF-8; it is read as cp1250 (Windows, Central European)." in entry.notes


@pytest.mark.parametrize("encoding", ["utf-32", "utf-16", "utf-8-sig"])
def test_a_byte_order_mark_says_it(tmp_path, encoding):
    loaded = pta.load_exports(written(tmp_path, HEAD + "A,2026-01-05,3,hüfte\n", encoding), timezone="UTC")
    assert loaded.tables["pain_scores"]["site"].tolist() == ["hüfte"]


class TestOpen:
    @pytest.fixture
    def path(self, tmp_path):
        # Irène in French is Irčne in the code page of Prague, and nothing else in the file says which.
        return written(tmp_path, HEAD + "A,2026-01-05,3,Irène\nB,2026-01-06,4,hip\n", "cp1252")

    def test_an_import_stops_and_names_column_and_encodings(self, path):
        with pytest.raises(AmbiguousEncodingError, match=r"column Site .* cp1252, cp1250") as error:
            pta.load_exports(path, timezone="UTC")
        assert "Ir" not in str(error.value).replace("pain.csv", "")

    def test_it_is_a_question(self, path):
        found = pta.suggest_layout(path)
        question = next(question for question in found.questions if question.id == "encoding")
        assert question.options == ("cp1252", "cp1250")
        assert question.is_needed
        assert not found.is_ready

    @pytest.mark.parametrize(("answer", "site"), [("cp1252", "Irène"), ("cp1250", "Irčne")])
    def test_the_answer_settles_it(self, path, answer, site):
        found = pta.suggest_layout(path, answers={"encoding": answer})
        assert found.is_ready
        loaded = pta.load_exports(path, timezone="UTC", layout=found.layout)
        assert loaded.tables["pain_scores"]["site"].tolist() == [site, "hip"]

    def test_an_answer_that_is_no_encoding_is_refused(self, path):
        with pytest.raises(LayoutError, match="one that Python knows"):
            pta.suggest_layout(path, answers={"encoding": "western"})

    def test_a_column_that_is_not_read_needs_no_answer(self, tmp_path):
        path = written(tmp_path, "Patient,Date,NRS,Remark\nA,2026-01-05,3,Irène\n", "cp1252")
        assert len(pta.load_exports(path, timezone="UTC").tables["pain_scores"]) == 1
        assert "encoding" not in {question.id for question in pta.suggest_layout(path).questions}

    def test_bytes_that_are_no_words_in_any_encoding_are_open(self, tmp_path):
        path = tmp_path / "pain.csv"
        path.write_bytes(HEAD.encode() + b"A,2026-01-05,3,x\xb7\x81k\x8dQ\xf0z\n")
        with pytest.raises(AmbiguousEncodingError):
            pta.load_exports(path, timezone="UTC")


class TestMixed:
    def test_signs_that_are_utf8_by_chance_make_no_mixed_file(self, tmp_path):
        text = "Patient,Date,NRS,Site\nA,2026-01-05,3,女\nB,2026-01-06,4,男\nC,2026-01-06,4,女\n"
        assert "女".encode("gb18030").decode("utf-8") == "Ů"
        assert detect_encoding(written(tmp_path, text, "gb18030")) == TextEncoding("gb18030")

    def test_lines_in_another_encoding_are_set_aside_with_a_sentence(self, tmp_path):
        path = tmp_path / "pain.csv"
        lines = HEAD + "A,2026-01-05,3,hüfte\nB,2026-01-06,4,rücken\n"
        path.write_bytes(lines.encode() + "C,2026-01-07,5,schulter öfter\n".encode("cp1252") + b"D,2026-01-08,6,knee\n")
        loaded = pta.load_exports(path, timezone="UTC")
        assert loaded.tables["pain_scores"]["site"].tolist() == ["hüfte", "rücken", "knee"]
        assert loaded.quarantine.reasons[["row", "rule"]].values.tolist() == [[4, "other_encoding"]]
        assert any("some are in another encoding" in note for note in loaded.receipt.files[0].notes)

    def test_the_encoding_that_a_layout_names_holds_and_bytes_it_has_not_are_set_aside(self, tmp_path):
        path = tmp_path / "pain.csv"
        path.write_bytes(HEAD.encode() + "A,2026-01-05,3,hüfte\n".encode("cp1252") + b"B,2026-01-06,4,\x81\n")
        layout = pta.suggest_layout(path, answers={"encoding": "cp1252"}).layout
        loaded = pta.load_exports(path, timezone="UTC", layout=layout)
        assert loaded.tables["pain_scores"]["site"].tolist() == ["hüfte"]
        assert loaded.quarantine.reasons["rule"].tolist() == ["other_encoding"]

    def test_a_mark_at_the_start_does_not_hide_a_broken_line(self, tmp_path):
        path = tmp_path / "pain.csv"
        path.write_bytes((HEAD + "A,2026-01-05,3,hüfte\n").encode("utf-8-sig") + "B,2026-01-06,4,öl\n".encode("cp1252"))
        loaded = pta.load_exports(path, timezone="UTC")
        assert loaded.quarantine.reasons["rule"].tolist() == ["other_encoding"]


@given(st.binary(min_size=1, max_size=60).filter(lambda raw: b"\x00" not in raw))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_given_an_encoding_and_its_rivals_read_another_text(tmp_path, raw):
    path = tmp_path / "any.csv"
    path.write_bytes(HEAD.encode() + b"A,2026-01-05,3," + raw + b"\n")
    found = detect_encoding(path)
    assert isinstance(found, TextEncoding)
    assert len(set(found.options)) == len(found.options)
    assert not reads_otherwise("plain", found.options)
