"""Case text to codes over HTTP: what comes back, what is refused, and that nothing of a note stays anywhere."""

from __future__ import annotations

import json
import threading

import pytest

NOTE = "HPI: no fever.\nAssessment: Dislocation of left hip, initial encounter. Possible pneumonia."
PATH = "/api/v1/case-lookup"
# Words that stand in no code and in nothing else of this server.
SECRET = "zyzzogeton quagswagging xylophagan"


@pytest.fixture
def client(open_medcodes):
    with open_medcodes.client() as client:
        yield client


def look_up(client, text=NOTE, **fields):
    return client.post(PATH, json={"text": text, **fields})


def said(text, place):
    return text[place["start"] : place["end"]]


def test_codes_come_with_the_words_they_stand_on(client):
    answer = look_up(client)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    found = answer.json()
    (code,) = found["codes"]
    assert (code["display"], code["billable"], code["confidence"]) == ("S73.005A", True, "high")
    assert [said(NOTE, place) for place in code["evidence"]] == ["Dislocation of left hip, initial encounter"]
    left = {said(NOTE, each["place"]): each["status"] for each in found["not_coded"]}
    assert left == {"fever": "negated", "pneumonia": "uncertain"}
    assert (found["setting"], found["nothing_found"]) == ("outpatient", [])


def test_an_inpatient_stay_is_coded_with_its_doubts(client):
    codes = [code["display"] for code in look_up(client, setting="inpatient").json()["codes"]]
    assert codes == ["S73.005A", "J18.9"]


def test_places_count_characters_and_not_bytes(client):
    text = "Größe 😀 unverändert.\nAssessment: Dislocation of left hip"
    (code,) = look_up(client, text).json()["codes"]
    assert [said(text, place) for place in code["evidence"]] == ["Dislocation of left hip"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "text"),
        ({"text": ""}, 422, "text"),
        ({"text": "x" * 20_001}, 422, "text"),
        ({"text": "é" * 10_001}, 422, "text"),
        ({"text": NOTE, "setting": "hospice"}, 422, "setting"),
        ({"text": NOTE, "on": "yesterday"}, 400, "on"),
        ({"text": NOTE, "name": "x"}, 422, "name"),
    ],
)
def test_what_is_refused_names_its_field_and_nothing_of_the_text(client, body, status, field):
    answer = client.post(PATH, json=body)
    assert answer.status_code == status, answer.text
    assert any(error["field"].endswith(field) for error in answer.json()["errors"])
    assert NOTE[:20] not in answer.text
    assert "x" * 100 not in answer.text


def test_other_bodies_are_refused(client):
    assert client.post(PATH, content=b"text=hip", headers={"Content-Type": "text/plain"}).status_code == 415
    assert client.post(PATH, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert client.post(PATH, json={"text": "x" * 70_000}).status_code == 413
    lone = client.post(PATH, content=b'{"text": "\\ud800"}', headers={"Content-Type": "application/json"})
    assert lone.status_code == 400
    assert client.get(PATH).status_code == 405


def test_another_site_cannot_send_a_note_in_a_visitors_name(client):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/lookup", data={"text": NOTE}, headers=headers).status_code == 403


def test_the_page_takes_a_note_and_shows_it_again_escaped(client):
    text = NOTE + '\r\n<script>alert("x")</script>'
    answer = client.post("/lookup", data={"text": text, "setting": "inpatient"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "S73.005A" in answer.text
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        ({"text": " "}, 422, "text is empty"),
        ({"text": "kept " + "y" * 20_000}, 422, "longer than 20000 bytes"),
        ({"text": "kept", "setting": "x"}, 422, "setting is none of"),
        ({"text": "kept", "on": "x"}, 400, "is not a date"),
    ],
)
def test_what_the_page_refuses_stays_in_its_field(client, data, status, words):
    answer = client.post("/lookup", data=data)
    assert answer.status_code == status
    assert words in answer.text
    assert data["text"].strip()[:200] in answer.text


def test_nothing_of_a_note_stays_anywhere(guarded):
    """The machine logs as much as it can and every request. Its state folder holds all that it stores and logs."""
    with guarded.client() as client:
        headers = {"X-Forwarded-For": "203.0.113.7"}
        for text in (f"Assessment: {SECRET}", f"Assessment: {SECRET}\n" + "x" * 30_000):
            client.post(PATH, json={"text": text}, headers=headers)
            client.post(PATH, json={"text": text, "setting": SECRET}, headers=headers)
            client.post("/lookup", data={"text": text, "on": SECRET}, headers=headers)
        client.post(
            PATH, content=f'{{"text": "{SECRET}'.encode(), headers={"Content-Type": "application/json", **headers}
        )
        metrics = client.get(f"http://127.0.0.1:{guarded.environment['MEDCODES_METRICS_PORT']}/metrics").text
    words = [word.encode() for word in SECRET.split()]
    kept = [path for path in guarded.state_dir.rglob("*") if path.is_file()]
    assert any(path.name == "gateway.log" for path in kept)
    assert "zyzzogeton" not in metrics
    assert "zyzzogeton" not in guarded.said()
    assert [path for path in kept if any(word in path.read_bytes() for word in words)] == []


def test_long_notes_at_once_are_answered_or_refused_with_a_time_to_come_back(open_medcodes):
    text = ("Assessment: hip dislocation, type 2 diabetes mellitus, chronic kidney disease, gout. " * 230)[:20_000]
    statuses = []

    def send():
        with open_medcodes.client() as client:
            answer = client.post(
                PATH, content=json.dumps({"text": text}), headers={"Content-Type": "application/json"}, timeout=60
            )
            statuses.append((answer.status_code, answer.headers.get("Retry-After", "")))

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in statuses} <= {200, 503}
    assert (200, "") in statuses
    assert all(after for status, after in statuses if status == 503)
