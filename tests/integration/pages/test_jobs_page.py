"""The list of jobs."""

from __future__ import annotations

from src.errors import NoLeaderboard
from tests.integration.pages.samples import (
    TITLE,
    open_page,
    put_failed_job,
    put_finished_job,
    put_running_job,
    shown,
    the_error,
)


def test_without_jobs_the_list_points_to_training(language, say):
    app = open_page("jobs", language)
    assert app.info[0].value == say("No job has run yet. A comparison of models is one.")
    assert app.button(key="go_train").label == say("Train and compare")


def test_jobs_are_listed_with_their_state_and_one_can_be_looked_at(classes, language, say):
    done = put_finished_job(classes.whole)
    failed = put_failed_job(NoLeaderboard("All candidates failed. {name}: {reason}", name="lr", reason="no"))
    running = put_running_job(classes.half)
    app = open_page("jobs", language, inspect=failed)
    table = app.dataframe[0].value
    assert table[say("State")].tolist() == [say("running"), say("failed"), say("done")]
    assert [text.split(" · ")[-1] for text in app.selectbox(key="inspect").options] == [
        job_id[:8] for job_id in (running, failed, done.job_id)
    ]
    assert the_error(app) == say("All candidates failed. {name}: {reason}", name="lr", reason="no")


def test_titles_are_in_the_language_of_the_reader(classes, language, say):
    put_finished_job(classes.whole)
    app = open_page("jobs", language)
    assert app.dataframe[0].value[say("What")].tolist() == [say(TITLE, target="state")]
    assert say(TITLE, target="state") in shown(app)


def test_a_running_comparison_says_how_far_it_is(classes, language, say):
    app = open_page("jobs", language, inspect=put_running_job(classes.half))
    assert say("{done} of {total} candidates compared", done=1, total=4) in app.get("progress")[0].proto.text


def test_a_finished_comparison_can_be_opened_from_the_jobs(classes, language, say):
    app = open_page("jobs", language, inspect=put_finished_job(classes.whole).job_id)
    assert app.button(key="open_comparison").label == say("Open the comparison")


def test_a_job_in_the_url_that_does_not_exist_leaves_the_list(classes, language):
    put_finished_job(classes.whole)
    app = open_page("jobs", language, inspect="0123456789abcdef")
    assert len(app.dataframe) == 1
